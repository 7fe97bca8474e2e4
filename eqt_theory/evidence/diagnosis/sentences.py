"""What a diagnosis says in words, as it is printed."""


class Sentences:
    """Something with a verdict and advice in plain sentences: printed, it says these."""

    verdict: tuple[str, ...]
    advice: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([*self.verdict, *(f"- {line}" for line in self.advice)])
