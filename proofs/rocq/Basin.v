(** Theorem 3, repaired: around a stationary point whose Hessian lies in [m, M] and changes at most by Q per unit of
    distance, gradient descent contracts on the open ball of radius 2 (1 - rho)/(a Q). *)

From Equilibria Require Export Objective.

Section Basin.
Context {E : InnerProductSpace}.
Variables (G : E -> E) (H : E -> E -> E) (at_rest : E) (m M Q radius : R).
Implicit Types x y d v h : E.

(** H x is the derivative of the gradient at x: linear, and the slope of G along lines. At the stationary point it is
    symmetric, with curvature in [m, M]; on the ball it is within Q |x - at_rest| of that. *)
Hypothesis hessian : forall x d v t, derivable_pt_lim (fun r => ip (G (x + r * d)%v) v) t (ip (H (x + t * d)%v d) v).
Hypothesis adds : forall x y, H at_rest (x + y)%v = (H at_rest x + H at_rest y)%v.
Hypothesis scales : forall (c : R) x, H at_rest (c * x)%v = (c * H at_rest x)%v.
Hypothesis symmetric : forall x y, ip (H at_rest x) y = ip x (H at_rest y).
Hypothesis spectrum : forall d, m * norm2 d <= ip (H at_rest d) d <= M * norm2 d.
Hypothesis stationary : G at_rest = zero.
Hypothesis order : 0 < m <= M.
Hypothesis Q_positive : 0 < Q.
Hypothesis changes : forall x d v, norm (x - at_rest) < radius ->
  ip (H x d - H at_rest d) v <= Q * norm (x - at_rest) * norm d * norm v.

Let model x := 1 / 2 * ip (H at_rest (x - at_rest)) (x - at_rest).
Let model_gradient x : E := H at_rest (x - at_rest).

Lemma difference : forall x y, H at_rest (x - y)%v = (H at_rest x - H at_rest y)%v.
Proof. intros. rewrite adds, scales. reflexivity. Qed.

Lemma model_is_quadratic : gradient_of model model_gradient /\ curvature_between m M model_gradient.
Proof.
  split.
  - intros x d t. unfold model, model_gradient.
    apply same_derivative with (fun r : R => 1 / 2 * ip (H at_rest (x - at_rest)) (x - at_rest)
      + (ip (H at_rest (x - at_rest)) d * r + 1 / 2 * ip (H at_rest d) d * (r * r))).
    { intro r. replace ((x + r * d) - at_rest)%v with ((x - at_rest) + r * d)%v by vectors.
      set (u := (x - at_rest)%v). clearbody u. rewrite adds, scales.
      pose proof (symmetric u d) as same. rewrite (ip_sym _ u) in same.
      rewrite !ip_plus, !ip_scal, !ip_plus_right, !ip_scal_right, same. field. }
    eapply limit_is.
    + apply (derivable_pt_lim_plus (fct_cte (1 / 2 * ip (H at_rest (x - at_rest)) (x - at_rest)))
        (fun r : R => ip (H at_rest (x - at_rest)) d * r + 1 / 2 * ip (H at_rest d) d * (r * r)) t 0);
        [apply derivable_pt_lim_const |].
      apply (derivable_pt_lim_plus (mult_real_fct (ip (H at_rest (x - at_rest)) d) id)
        (mult_real_fct (1 / 2 * ip (H at_rest d) d) (id * id)%F)).
      * apply derivable_pt_lim_scal, derivable_pt_lim_id.
      * apply derivable_pt_lim_scal, (derivable_pt_lim_mult id id); apply derivable_pt_lim_id.
    + unfold id. replace ((x + t * d) - at_rest)%v with ((x - at_rest) + t * d)%v by vectors.
      set (u := (x - at_rest)%v). clearbody u. rewrite adds, scales, ip_plus, ip_scal. field.
  - intros x y. unfold model_gradient. rewrite <- difference.
    replace ((x - at_rest) - (y - at_rest))%v with (x - y)%v by vectors. apply spectrum.
Qed.

(** The linear part contracts. *)
Lemma linear_part : forall a d, 0 < a -> norm (d - a * H at_rest d) <= rate a m M * norm d.
Proof.
  intros a d A. destruct model_is_quadratic as [D C].
  pose proof (distance model model_gradient m M (proj2 order) D C a (at_rest + d)%v at_rest A) as near.
  unfold step, model_gradient in near.
  replace ((at_rest + d) - at_rest)%v with d in near by vectors.
  replace (at_rest - at_rest)%v with (zero : E) in near by vectors.
  assert (none : H at_rest zero = zero)
    by (rewrite <- (scal_zero_left zero) at 1; rewrite scales; apply scal_zero_left).
  rewrite none in near.
  replace ((at_rest + d - a * H at_rest d) - (at_rest - a * zero))%v with (d - a * H at_rest d)%v in near by vectors.
  exact near.
Qed.

(** What the gradient has besides it (Taylor's remainder). *)
Lemma norm_scal : forall c d, 0 <= c -> norm (c * d) = c * norm d.
Proof.
  intros c d C. rewrite ip_scal, ip_scal_right, <- Rmult_assoc, sqrt_mult, sqrt_square;
    [reflexivity | exact C | nra | apply ip_positive].
Qed.

Lemma remainder : forall h, norm (h - at_rest) < radius ->
  norm (G h - H at_rest (h - at_rest)) <= Q / 2 * norm2 (h - at_rest).
Proof.
  intros h inside. set (d := (h - at_rest)%v) in *. set (v := (G h - H at_rest d)%v).
  pose proof (norm_positive d) as D. pose proof (norm_positive v) as V. pose proof (norm_squared d) as DD.
  destruct (MVT_cor2
    (fun r => ip (G (at_rest + r * d)%v) v - (r * ip (H at_rest d) v + Q / 2 * norm2 d * norm v * (r * r)))
    (fun t => ip (H (at_rest + t * d)%v d) v - (ip (H at_rest d) v + Q * norm2 d * norm v * t)) 0 1)
    as [c [eq [c0 c1]]]; [lra | |].
  { intros t _. apply (derivable_pt_lim_minus (fun r => ip (G (at_rest + r * d)%v) v)
      (fun r => r * ip (H at_rest d) v + Q / 2 * norm2 d * norm v * (r * r))); [apply hessian |].
    eapply limit_is.
    - apply (derivable_pt_lim_plus (fun r => r * ip (H at_rest d) v) (mult_real_fct (Q / 2 * norm2 d * norm v) (id * id)%F)).
      + apply (derivable_pt_lim_mult id (fct_cte (ip (H at_rest d) v)));
          [apply derivable_pt_lim_id | apply derivable_pt_lim_const].
      + apply derivable_pt_lim_scal, (derivable_pt_lim_mult id id); apply derivable_pt_lim_id.
    - unfold id, fct_cte. field. }
  replace (at_rest + 1 * d)%v with h in eq by (unfold d; vectors).
  replace (at_rest + 0 * d)%v with at_rest in eq by vectors. rewrite stationary, ip_zero_left in eq.
  assert (apart : norm ((at_rest + c * d) - at_rest) = c * norm d).
  { replace ((at_rest + c * d) - at_rest)%v with (c * d)%v by vectors. apply norm_scal. lra. }
  assert (close : norm ((at_rest + c * d) - at_rest) < radius) by (rewrite apart; nra).
  pose proof (changes (at_rest + c * d)%v d v close) as change. rewrite apart, ip_plus, ip_scal in change.
  replace (Q * (c * norm d) * norm d * norm v) with (Q * (norm d * norm d) * norm v * c) in change by ring.
  rewrite DD in change.
  assert (square : ip (G h) v - ip (H at_rest d) v = norm2 v)
    by (change (norm2 v) with (ip (G h - H at_rest d) v); rewrite ip_plus, ip_scal; ring).
  assert (below : norm2 v <= Q / 2 * norm2 d * norm v) by lra.
  pose proof (norm_squared v) as VV. pose proof (ip_positive _ d) as P. set (size := norm v) in *.
  clearbody size. destruct (Rle_lt_or_eq_dec 0 size V) as [positive | none]; [| rewrite <- none; nra].
  apply Rmult_le_reg_r with size; [exact positive | lra].
Qed.

(** One step inside the ball. *)
Theorem one_step : forall a h, 0 < a -> norm (h - at_rest) < radius ->
  norm (step G a h - at_rest) <= (rate a m M + a * Q / 2 * norm (h - at_rest)) * norm (h - at_rest).
Proof.
  intros a h A inside. pose proof (linear_part a (h - at_rest)%v A) as linear. pose proof (remainder h inside) as rest.
  pose proof (norm_squared (h - at_rest)%v) as DD.
  replace (step G a h - at_rest)%v
    with (((h - at_rest) - a * H at_rest (h - at_rest)) + a * ((-1) * (G h - H at_rest (h - at_rest))))%v
    by (unfold step; generalize (H at_rest (h - at_rest)%v); intro; vectors).
  eapply Rle_trans; [apply triangle |]. rewrite (norm_scal a) by lra.
  replace (norm ((-1) * (G h - H at_rest (h - at_rest)))) with (norm (G h - H at_rest (h - at_rest)))
    by (f_equal; rewrite !ip_scal, !ip_scal_right; ring).
  rewrite <- DD in rest.
  apply Rmult_le_compat_l with (r := a) in rest; [| lra]. lra.
Qed.

(** Every start in the open ball of radius 2 (1 - rho)/(a Q), or in a smaller one on which the Hessian is known, converges
    linearly: by the factor q of the first step at least. *)
Theorem theorem_3 : forall a k h, 0 < a -> norm (h - at_rest) < radius ->
  norm (h - at_rest) < 2 * (1 - rate a m M) / (a * Q) ->
  let q := rate a m M + a * Q / 2 * norm (h - at_rest) in
  0 <= q < 1 /\ norm (iterate G a k h - at_rest) <= q ^ k * norm (h - at_rest).
Proof.
  intros a k h A inside basin q. pose proof (norm_positive (h - at_rest)%v) as P. pose proof (rate_positive a m M) as rho.
  assert (AQ : 0 < a * Q) by nra.
  assert (below : q < 1).
  { apply Rmult_lt_compat_r with (r := a * Q) in basin; [| exact AQ].
    replace (2 * (1 - rate a m M) / (a * Q) * (a * Q)) with (2 * (1 - rate a m M)) in basin by (field; nra).
    unfold q. lra. }
  assert (positive : 0 <= q) by (unfold q; nra). split; [lra |]. induction k as [| k IH]; [simpl; lra |].
  assert (power : q ^ k <= 1) by (rewrite <- (pow1 k); apply pow_incr; lra).
  assert (nearer : norm (iterate G a k h - at_rest) <= norm (h - at_rest)) by nra.
  pose proof (norm_positive (iterate G a k h - at_rest)%v) as N.
  pose proof (one_step a (iterate G a k h) A ltac:(lra)) as one. cbn [iterate pow].
  eapply Rle_trans; [exact one |]. rewrite (Rmult_assoc q).
  apply Rmult_le_compat; [nra | exact N | unfold q; nra | exact IH].
Qed.
End Basin.
