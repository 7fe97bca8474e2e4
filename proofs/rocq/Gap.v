(** Values under gradient descent on a function with curvature in [m, M], 0 < m: the gap to the least value shrinks by the
    square of the tight factor. Three inequalities of the class, between the state, the next one and the stationary point,
    with multipliers rho, rho (1 - rho), 1 - rho for short steps, leave two squared norms. *)

From Equilibria Require Export Descent.

(** In numbers: P0, P1 are the gaps, xx = |h - s|^2, x0 = <h - s, G h>, g01 = <G h, G h+> and so on. *)
Section Numbers.
Variables m M a P0 P1 xx x0 x1 g00 g01 g11 : R.
Hypothesis order : 0 < m < M.
Hypothesis square : forall p q r,
  0 <= p * p * xx + q * q * g00 + r * r * g11 + 2 * (p * q * x0 + p * r * x1 + q * r * g01).
Hypothesis now_next : 0 <= 2 * (M - m) * (P0 - P1 - a * g01) - (g00 - 2 * g01 + g11) - m * M * (a * a) * g00
  + 2 * m * a * (g00 - g01).
Hypothesis rest_now : 0 <= 2 * (M - m) * (x0 - P0) - g00 - m * M * xx + 2 * m * x0.
Hypothesis rest_next : 0 <= 2 * (M - m) * (x1 - a * g01 - P1) - g11 - m * M * (xx - 2 * a * x0 + a * a * g00)
  + 2 * m * (x1 - a * g01).

Lemma cancel : forall s t u, 0 < s -> 0 <= 2 * (M - m) * s * (t - u) -> u <= t.
Proof.
  intros s t u S H. assert (0 < 2 * (M - m) * s) by (apply Rmult_lt_0_compat; lra).
  apply Rmult_le_reg_l with (2 * (M - m) * s); lra.
Qed.

Lemma weigh : forall c u, 0 <= c -> 0 <= u -> 0 <= c * u.
Proof. intros. apply Rmult_le_pos; assumption. Qed.

Lemma short : 0 < a -> a * (m + M) <= 2 -> P1 <= (1 - a * m) * (1 - a * m) * P0.
Proof.
  intros A H. assert (am : 0 < a * m) by nra. assert (below : a * m < 1) by nra. assert (0 < M * a) by nra.
  apply cancel with (2 - a * m); [lra |].
  pose proof (weigh ((2 - a * m) * (1 - a * m)) _ ltac:(nra) now_next) as one.
  pose proof (weigh ((2 - a * m) * (1 - a * m) * (a * m)) _ ltac:(apply weigh; nra) rest_now) as two.
  pose proof (weigh ((2 - a * m) * (a * m)) _ ltac:(nra) rest_next) as three.
  pose proof (weigh (M * a) _ ltac:(lra) (square (m * (2 - a * m)) (-1) (-1))) as four.
  pose proof (weigh (2 - a * (m + M)) _ ltac:(lra) (square 0 (a * m - 1) 1)) as five.
  match type of one with 0 <= ?u => match type of two with 0 <= ?v => match type of three with 0 <= ?w =>
  match type of four with 0 <= ?y => match type of five with 0 <= ?z =>
    replace (2 * (M - m) * (2 - a * m) * ((1 - a * m) * (1 - a * m) * P0 - P1)) with (u + v + w + y + z) by ring
  end end end end end. lra.
Qed.

Lemma long : 0 < a -> 2 <= a * (m + M) -> a * M < 2 -> P1 <= (1 - a * M) * (1 - a * M) * P0.
Proof.
  intros A H K. assert (am : 0 < a * m) by nra. assert (above : 1 < a * M) by nra.
  apply cancel with (a * m); [lra |].
  pose proof (weigh (a * m * (a * M - 1)) _ ltac:(nra) now_next) as one.
  pose proof (weigh (a * m * (a * M - 1) * (2 - a * M)) _ ltac:(apply weigh; nra) rest_now) as two.
  pose proof (weigh (a * m * (2 - a * M)) _ ltac:(nra) rest_next) as three.
  pose proof (weigh (2 - a * M) _ ltac:(lra) (square (M * a * m) (1 - a * (m + M)) (-1))) as four.
  pose proof (weigh (a * (m + M) - 2) _ ltac:(lra) (square 0 (a * M - 1) 1)) as five.
  match type of one with 0 <= ?u => match type of two with 0 <= ?v => match type of three with 0 <= ?w =>
  match type of four with 0 <= ?y => match type of five with 0 <= ?z =>
    replace (2 * (M - m) * (a * m) * ((1 - a * M) * (1 - a * M) * P0 - P1)) with (u + v + w + y + z) by ring
  end end end end end. lra.
Qed.
End Numbers.

Section Gap.
Context {E : InnerProductSpace}.
Variables (f : E -> R) (G : E -> E) (m M : R).
Hypothesis positive : 0 < m.
Hypothesis ordered : m <= M.
Hypothesis is_gradient : gradient_of f G.
Hypothesis class : curvature_between m M G.
Implicit Types h s : E.

Lemma gap_positive : forall h s, G s = zero -> 0 <= f h - f s.
Proof.
  intros h s stationary. pose proof (growth f G m M is_gradient class h s stationary).
  pose proof (ip_positive _ (h - s)%v). nra.
Qed.

Lemma gap_below : forall a h s, m < M -> 0 < a -> a * M < 2 -> G s = zero ->
  f (step G a h) - f s <= (1 - a * m) * (1 - a * m) * (f h - f s) /\ a * (m + M) <= 2 \/
  f (step G a h) - f s <= (1 - a * M) * (1 - a * M) * (f h - f s) /\ 2 <= a * (m + M).
Proof.
  intros a h s less A K stationary.
  pose proof (interpolation_values f G m M h (step G a h) less is_gradient class) as one.
  pose proof (interpolation_values f G m M s h less is_gradient class) as two.
  pose proof (interpolation_values f G m M s (step G a h) less is_gradient class) as three.
  set (next := step G a h) in *. set (x := (h - s)%v).
  replace (h - next)%v with (a * G h)%v in one by (unfold next, step; vectors).
  replace (s - h)%v with ((-1) * x)%v in two by (unfold x; vectors).
  replace (s - next)%v with (a * G h - x)%v in three by (unfold next, step, x; vectors).
  rewrite stationary in two, three.
  set (u := G h) in *. set (v := G next) in *. clearbody u v x.
  assert (square : forall p q r : R, 0 <= p * p * norm2 x + q * q * norm2 u + r * r * norm2 v
    + 2 * (p * q * ip x u + p * r * ip x v + q * r * ip u v)).
  { intros p q r. pose proof (ip_positive _ (p * x + (q * u + r * v))%v) as P. revert P. expand. intro. lra. }
  assert (now_next : 0 <= 2 * (M - m) * ((f h - f s) - (f next - f s) - a * ip u v) - (norm2 u - 2 * ip u v + norm2 v)
    - m * M * (a * a) * norm2 u + 2 * m * a * (norm2 u - ip u v)).
  { revert one. expand. intro. lra. }
  assert (rest_now : 0 <= 2 * (M - m) * (ip x u - (f h - f s)) - norm2 u - m * M * norm2 x + 2 * m * ip x u).
  { revert two. expand. intro. lra. }
  assert (rest_next : 0 <= 2 * (M - m) * (ip x v - a * ip u v - (f next - f s)) - norm2 v
    - m * M * (norm2 x - 2 * a * ip x u + a * a * norm2 u) + 2 * m * (ip x v - a * ip u v)).
  { revert three. expand. intro. lra. }
  clear one two three. destruct (Rle_or_lt (a * (m + M)) 2) as [H | H]; [left | right]; (split; [| lra]).
  - exact (short m M a _ _ _ _ _ _ _ _ (conj positive less) square now_next rest_now rest_next A H).
  - exact (long m M a _ _ _ _ _ _ _ _ (conj positive less) square now_next rest_now rest_next A (Rlt_le _ _ H) K).
Qed.

Theorem gap : forall a h s, 0 < a -> a * M < 2 -> G s = zero ->
  f (step G a h) - f s <= rate a m M * rate a m M * (f h - f s).
Proof.
  intros a h s A K stationary. destruct (ends_below_rate a m M) as [at_m at_M].
  pose proof (gap_positive h s stationary) as P.
  destruct (Rle_lt_or_eq_dec m M ordered) as [less | same].
  - destruct (gap_below a h s less A K stationary) as [[B _] | [B _]];
      (eapply Rle_trans; [exact B |]); apply Rmult_le_compat_r; assumption.
  - pose proof (growth f G m M is_gradient class h s stationary) as low.
    pose proof (upper_bound f G M s (step G a h) is_gradient (fun x y => proj2 (class x y))) as high.
    rewrite stationary, ip_zero_left in high.
    pose proof (distance f G m M ordered is_gradient class a h s A) as near.
    assert (fixed : step G a s = s) by (unfold step; rewrite stationary; vectors). rewrite fixed in near.
    assert (squares : norm2 (step G a h - s) <= rate a m M * rate a m M * norm2 (h - s)).
    { pose proof (norm_positive (step G a h - s)%v) as left. pose proof (Rmult_le_compat _ _ _ _ left left near near) as both.
      pose proof (norm_squared (step G a h - s)%v) as one. pose proof (norm_squared (h - s)%v) as other.
      set (r := rate a m M) in *. set (A1 := norm (step G a h - s)) in *. set (A0 := norm (h - s)) in *.
      clearbody r A1 A0. rewrite one in both. replace (r * A0 * (r * A0)) with (r * r * (A0 * A0)) in both by ring.
      rewrite other in both. exact both. }
    rewrite <- same in *. pose proof (rate_positive a m m). nra.
Qed.

Theorem gap_after : forall a k h s, 0 < a -> a * M < 2 -> G s = zero ->
  f (iterate G a k h) - f s <= (rate a m M * rate a m M) ^ k * (f h - f s).
Proof.
  intros a k h s A K stationary. induction k as [| k IH]; [simpl; lra |].
  pose proof (gap a (iterate G a k h) s A K stationary) as one. cbn [iterate pow].
  pose proof (rate_positive a m M). eapply Rle_trans; [exact one |]. rewrite (Rmult_assoc (rate a m M * rate a m M)).
  apply Rmult_le_compat_l; [nra | exact IH].
Qed.
End Gap.
