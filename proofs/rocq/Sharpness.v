(** No factor below the tight one holds for the class, the best step, and the exact range of steps. *)

From Equilibria Require Export Descent.

(** The real line. *)
Definition Line : InnerProductSpace.
Proof.
  refine {| vector := R; zero := 0; plus := Rplus; scal := Rmult; ip := Rmult |}; intros; try ring.
  - apply Rle_0_sqr.
  - destruct (Rmult_integral _ _ H); assumption.
Defined.

Section Sharpness.
Variables m M : R.
Hypothesis order : 0 < m <= M.

Lemma parabola : forall c, m <= c <= M ->
  gradient_of (fun x : Line => c / 2 * (x * x)) (fun x : Line => (c * x)) /\ curvature_between m M (fun x : Line => (c * x)).
Proof.
  intros c between. split.
  - intros x d t. cbn [plus scal ip Line] in *.
    eapply limit_is with (c / 2 * ((0 + (1 * d + t * 0)) * (x + t * d) + (x + t * d) * (0 + (1 * d + t * 0)))); [| field].
    apply (derivable_pt_lim_scal (fun s => (x + s * d) * (x + s * d)) (c / 2)).
    assert (line : derivable_pt_lim (fun s => x + s * d) t (0 + (1 * d + t * 0))).
    { apply (derivable_pt_lim_plus (fct_cte x) (fun s => s * d)); [apply derivable_pt_lim_const |].
      apply (derivable_pt_lim_mult id (fct_cte d)); [apply derivable_pt_lim_id | apply derivable_pt_lim_const]. }
    apply (derivable_pt_lim_mult (fun s => x + s * d) (fun s => x + s * d)); exact line.
  - intros x y. cbn [plus scal ip Line] in *. pose proof (Rle_0_sqr (x - y)) as P. unfold Rsqr in P.
    replace ((c * x + -1 * (c * y)) * (x + -1 * y)) with (c * ((x - y) * (x - y))) by ring.
    replace ((x + -1 * y) * (x + -1 * y)) with ((x - y) * (x - y)) by ring. split; apply Rmult_le_compat_r; lra.
Qed.

(** For every step some function of the class moves two states exactly by the factor. *)
Theorem rate_is_attained : forall a, exists (f : Line -> R) (G : Line -> Line),
  gradient_of f G /\ curvature_between m M G /\
  forall x y : Line, norm (step G a x - step G a y) = rate a m M * norm (x - y).
Proof.
  intro a.
  assert (exists c, m <= c <= M /\ Rabs (1 - a * c) = rate a m M) as [c [between same]].
  { unfold rate, Rmax. destruct (Rle_dec (Rabs (1 - a * m)) (Rabs (1 - a * M))); [exists M | exists m];
      split; try lra; reflexivity. }
  exists (fun x : Line => c / 2 * (x * x)), (fun x : Line => (c * x)). destruct (parabola c between) as [D C].
  split; [exact D | split; [exact C |]]. intros x y. rewrite <- same. unfold step. cbn [plus scal ip Line].
  change (sqrt ((x + -1 * (a * (c * x)) + -1 * (y + -1 * (a * (c * y)))) * (x + -1 * (a * (c * x)) + -1 * (y + -1 * (a * (c * y)))))
    = Rabs (1 - a * c) * sqrt ((x + -1 * y) * (x + -1 * y))).
  replace ((x + -1 * (a * (c * x)) + -1 * (y + -1 * (a * (c * y)))) * (x + -1 * (a * (c * x)) + -1 * (y + -1 * (a * (c * y)))))
    with (Rsqr ((1 - a * c) * (x + -1 * y))) by (unfold Rsqr; ring).
  replace ((x + -1 * y) * (x + -1 * y)) with (Rsqr (x + -1 * y)) by reflexivity.
  rewrite !sqrt_Rsqr_abs. apply Rabs_mult.
Qed.

Theorem best_step : rate (2 / (m + M)) m M = (M - m) / (M + m) /\ forall a, (M - m) / (M + m) <= rate a m M.
Proof.
  assert (ratio : 0 <= (M - m) / (M + m)) by (apply Rle_mult_inv_pos; lra). split.
  - unfold rate. replace (1 - 2 / (m + M) * m) with ((M - m) / (M + m)) by (field; lra).
    replace (1 - 2 / (m + M) * M) with (- ((M - m) / (M + m))) by (field; lra).
    rewrite Rabs_Ropp, Rmax_left by lra. apply Rabs_pos_eq, ratio.
  - intro a. apply Rmult_le_reg_r with (M + m); [lra |].
    replace ((M - m) / (M + m) * (M + m)) with (M - m) by (field; lra).
    pose proof (Rmax_l (Rabs (1 - a * m)) (Rabs (1 - a * M))) as at_m.
    pose proof (Rmax_r (Rabs (1 - a * m)) (Rabs (1 - a * M))) as at_M. fold (rate a m M) in at_m, at_M.
    pose proof (Rle_abs (1 - a * m)). pose proof (Rle_abs (- (1 - a * M))) as other. rewrite Rabs_Ropp in other. nra.
Qed.

Theorem contracts_exactly_below_two_over_M : forall a, rate a m M < 1 <-> 0 < a /\ a * M < 2.
Proof.
  intro a. unfold rate. split.
  - intro H. apply Rmax_Rlt in H. destruct H as [at_m at_M]. apply Rabs_def2 in at_m, at_M. split; nra.
  - intros [A K]. apply Rmax_lub_lt; apply Rabs_def1; nra.
Qed.
End Sharpness.
