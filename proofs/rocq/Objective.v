(** Phi = energy + g/2 |h - f|^2, g = 1/gamma: its gradient and curvature, the energy's drop, the rate of Eq. 10 on its exact
    range, and what less energy means for a loss (Theorem 4, repaired). *)

From Equilibria Require Export Gap.

Lemma same_derivative : forall p q t a, (forall s, p s = q s) -> derivable_pt_lim p t a -> derivable_pt_lim q t a.
Proof. intros p q t a same H e positive. destruct (H e positive) as [d K]. exists d. intros. rewrite <- !same. auto. Qed.

Section Objective.
Context {E : InnerProductSpace}.
Variables (energy : E -> R) (G : E -> E) (f : E) (g w L : R).
Hypothesis is_gradient : gradient_of energy G.
Hypothesis class : curvature_between (- w) L G.
Hypothesis ordered : - w <= L.
Implicit Types h s x d : E.

Definition Phi h := energy h + g / 2 * norm2 (h - f).
Definition slope h : E := (G h + g * (h - f))%v.

Lemma proximal_along : forall x d t,
  derivable_pt_lim (fun s : R => g / 2 * norm2 ((x + s * d) - f)) t (g * ip ((x + t * d) - f) d).
Proof.
  intros x d t.
  apply same_derivative with (fun s : R => g / 2 * norm2 (x - f) + (g * ip (x - f) d * s + g / 2 * norm2 d * (s * s))).
  { intro s. expand. field. }
  eapply limit_is.
  - apply (derivable_pt_lim_plus (fct_cte (g / 2 * norm2 (x - f)))
      (fun s : R => g * ip (x - f) d * s + g / 2 * norm2 d * (s * s)) t 0); [apply derivable_pt_lim_const |].
    apply (derivable_pt_lim_plus (mult_real_fct (g * ip (x - f) d) id) (mult_real_fct (g / 2 * norm2 d) (id * id)%F)).
    + apply derivable_pt_lim_scal, derivable_pt_lim_id.
    + apply derivable_pt_lim_scal, (derivable_pt_lim_mult id id); apply derivable_pt_lim_id.
  - unfold id. expand. field.
Qed.

Theorem objective_gradient : gradient_of Phi slope.
Proof.
  intros x d t. eapply limit_is.
  - apply (derivable_pt_lim_plus (fun s : R => energy (x + s * d)%v) (fun s : R => g / 2 * norm2 ((x + s * d) - f))).
    + apply is_gradient.
    + apply proximal_along.
  - unfold slope. expand. ring.
Qed.

Theorem proximal_term_raises_curvature : curvature_between (g - w) (L + g) slope.
Proof.
  intros x y. destruct (class x y) as [low high].
  replace (slope x - slope y)%v with ((G x - G y) + g * (x - y))%v by (unfold slope; vectors).
  set (d := (x - y)%v) in *. set (D := (G x - G y)%v) in *. clearbody d D.
  rewrite ip_plus, ip_scal. split; lra.
Qed.

(** Steps up to 2/M never raise Phi, convex or not. *)
Theorem objective_never_rises : forall a h, 0 <= a -> a * (L + g) <= 2 -> Phi (step slope a h) <= Phi h.
Proof.
  intros a h A K.
  pose proof (upper_bound Phi slope (L + g) h (step slope a h) objective_gradient
    (fun x y => proj2 (proximal_term_raises_curvature x y))) as high.
  replace (step slope a h - h)%v with ((- a) * slope h)%v in high by (unfold step; vectors).
  pose proof (ip_positive _ (slope h)) as P. revert high. set (u := slope h) in *. expand. intro high.
  assert (0 <= a * (2 - a * (L + g)) * norm2 u) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | exact P]). nra.
Qed.

Theorem objective_after : forall a k h, 0 <= a -> a * (L + g) <= 2 -> Phi (iterate slope a k h) <= Phi h.
Proof.
  intros a k h A K. induction k as [| k IH]; [apply Rle_refl |].
  eapply Rle_trans; [apply objective_never_rises; assumption | exact IH].
Qed.

(** So the energy falls below that of the proposal by |h_k - f|^2/(2 gamma). *)
Theorem energy_drops : forall a k, 0 <= a -> a * (L + g) <= 2 ->
  g / 2 * norm2 (iterate slope a k f - f) <= energy f - energy (iterate slope a k f).
Proof.
  intros a k A K. pose proof (objective_after a k f A K) as P. unfold Phi in P.
  replace (norm2 (f - f)) with 0 in P by (expand; ring). lra.
Qed.

(** Theorem 2, repaired: all of it for Phi, with m = g - w and M = g + L. *)
Theorem theorem_2 : forall a k h s, w < g -> 0 < a -> a * (g + L) < 2 -> slope s = zero ->
  norm (iterate slope a k h - s) <= rate a (g - w) (g + L) ^ k * norm (h - s)
  /\ Phi (iterate slope a k h) - Phi s <= (rate a (g - w) (g + L) * rate a (g - w) (g + L)) ^ k * (Phi h - Phi s)
  /\ norm (slope (step slope a h)) <= rate a (g - w) (g + L) * norm (slope h).
Proof.
  intros a k h s less A K stationary. rewrite (Rplus_comm g L) in *.
  assert (order : g - w <= L + g) by lra. assert (positive : 0 < g - w) by lra.
  pose proof objective_gradient as D. pose proof proximal_term_raises_curvature as C.
  split; [| split].
  - exact (distance_after Phi slope _ _ order D C a k h s A stationary).
  - exact (gap_after Phi slope _ _ positive order D C a k h s A K stationary).
  - exact (gradient Phi slope _ _ order D C a h A).
Qed.
End Objective.

(** Equation 10, repaired: a convex energy, mu = min(L, g), on its exact range of steps. *)
Lemma rate_of_equation_10 : forall L g a, 0 < L -> 0 < g -> 0 < a ->
  a <= (4 * (L + g) - Rmin L g) / (2 * ((L + g) * (L + g))) -> rate a g (L + g) * rate a g (L + g) <= 1 - a * Rmin L g / 2.
Proof.
  intros L g a HL HG A range. set (M := L + g) in *. assert (order : g < M) by (unfold M; lra).
  assert (mu : 0 < Rmin L g <= g) by (split; [apply Rmin_glb_lt; assumption | apply Rmin_r]). set (k := Rmin L g) in *.
  assert (bound : a * (M * M) <= 2 * M - k / 2).
  { apply Rmult_le_compat_r with (r := M * M) in range; [| nra].
    replace ((4 * M - k) / (2 * (M * M)) * (M * M)) with (2 * M - k / 2) in range by (field; lra). exact range. }
  assert (at_M : (1 - a * M) * (1 - a * M) <= 1 - a * k / 2) by nra.
  assert (a * (g * g) <= 2 * g - k / 2).
  { apply Rmult_le_reg_l with (M * M); [nra |].
    assert (a * (M * M) * (g * g) <= (2 * M - k / 2) * (g * g)) by (apply Rmult_le_compat_r; nra).
    assert (0 <= (M - g) * (2 * (g * M) - k / 2 * (M + g))) by (apply Rmult_le_pos; nra). nra. }
  assert (at_g : (1 - a * g) * (1 - a * g) <= 1 - a * k / 2) by nra.
  unfold rate, Rmax. destruct (Rle_dec (Rabs (1 - a * g)) (Rabs (1 - a * M)));
    rewrite <- Rabs_mult, Rabs_pos_eq by (apply Rle_0_sqr); assumption.
Qed.

Section Equation10.
Context {E : InnerProductSpace}.
Variables (energy : E -> R) (G : E -> E) (f : E) (g L : R).
Hypothesis is_gradient : gradient_of energy G.
Hypothesis class : curvature_between 0 L G.
Hypothesis positive : 0 < L /\ 0 < g.

Theorem equation_10 : forall a k h s, 0 < a -> a <= (4 * (L + g) - Rmin L g) / (2 * ((L + g) * (L + g))) ->
  slope G f g s = zero ->
  norm2 (iterate (slope G f g) a k h - s) <= (1 - a * Rmin L g / 2) ^ k * norm2 (h - s).
Proof.
  intros a k h s A range stationary. destruct positive as [HL HG].
  pose proof (rate_of_equation_10 L g a HL HG A range) as square.
  assert (weak : curvature_between (- 0) L G) by (rewrite Ropp_0; exact class).
  pose proof (objective_gradient energy G f g is_gradient) as D.
  pose proof (proximal_term_raises_curvature G f g 0 L weak) as C. rewrite Rminus_0_r in C.
  pose proof (rate_positive a g (L + g)) as P.
  induction k as [| k IH]; [simpl; lra |].
  pose proof (distance (Phi energy f g) (slope G f g) g (L + g) ltac:(lra) D C a (iterate (slope G f g) a k h) s A) as near.
  assert (fixed : step (slope G f g) a s = s) by (unfold step; rewrite stationary; vectors). rewrite fixed in near.
  cbn [iterate pow]. set (q := 1 - a * Rmin L g / 2) in *. set (r := rate a g (L + g)) in *.
  set (next := step (slope G f g) a (iterate (slope G f g) a k h)) in *. set (now := iterate (slope G f g) a k h) in *.
  pose proof (norm_squared (next - s)%v) as one. pose proof (norm_squared (now - s)%v) as other.
  pose proof (norm_positive (next - s)%v) as left. pose proof (Rmult_le_compat _ _ _ _ left left near near) as both.
  set (A1 := norm (next - s)) in *. set (A0 := norm (now - s)) in *. clearbody A1 A0. rewrite one in both.
  replace (r * A0 * (r * A0)) with (r * r * (A0 * A0)) in both by ring. rewrite other in both.
  pose proof (ip_positive _ (now - s)%v). assert (0 <= q) by nra. rewrite Rmult_assoc.
  apply Rle_trans with (q * norm2 (now - s)); [nra | apply Rmult_le_compat_l; assumption].
Qed.
End Equation10.

(** Theorem 4, repaired: l is a loss with lower bound low, the energies of h and f compare with it on two sides. *)
Theorem theorem_4_one_sided : forall low l_h e_h e_f drop c : R,
  l_h - low <= e_h + c -> e_h <= e_f - drop -> l_h - low <= e_f - drop + c.
Proof. intros. lra. Qed.

Theorem theorem_4 : forall low l_h l_f e_h e_f drop c1 c2 s : R, 0 < s ->
  e_f <= s * (l_f - low) + c2 -> s * (l_h - low) - c1 <= e_h -> e_h <= e_f - drop ->
  l_h <= l_f - (drop - c1 - c2) / s.
Proof.
  intros low l_h l_f e_h e_f drop c1 c2 s positive above below falls. apply Rmult_le_reg_l with s; [exact positive |].
  replace (s * (l_f - (drop - c1 - c2) / s)) with (s * l_f - (drop - c1 - c2)) by (field; lra). lra.
Qed.
