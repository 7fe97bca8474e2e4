(** Gradient descent on a function with curvature in [m, M]: distance and gradient shrink by the tight factor; the
    stationary point. *)

From Equilibria Require Export Interpolation.

Definition rate a m M := Rmax (Rabs (1 - a * m)) (Rabs (1 - a * M)).

Lemma rate_positive : forall a m M, 0 <= rate a m M.
Proof. intros. eapply Rle_trans; [apply Rabs_pos | apply Rmax_l]. Qed.

Lemma square_below : forall c r, Rabs c <= r -> c * c <= r * r.
Proof.
  intros c r H. replace (c * c) with (Rabs c * Rabs c) by (rewrite <- Rabs_mult; apply Rabs_pos_eq, Rle_0_sqr).
  pose proof (Rabs_pos c). nra.
Qed.

Lemma ends_below_rate : forall a m M,
  (1 - a * m) * (1 - a * m) <= rate a m M * rate a m M /\ (1 - a * M) * (1 - a * M) <= rate a m M * rate a m M.
Proof. intros. split; apply square_below; [apply Rmax_l | apply Rmax_r]. Qed.

(** What a step leaves, in the Gram variables dd = |d|^2, dD = <d, D>, DD = |D|^2. *)
Lemma step_leaves : forall m M a dd dD DD, 0 < a -> 0 <= dd -> m * dd <= dD -> dD <= M * dd ->
  DD <= (m + M) * dD - m * M * dd ->
  dd - 2 * a * dD + a * a * DD <= rate a m M * rate a m M * dd.
Proof.
  intros m M a dd dD DD A P low high C. destruct (ends_below_rate a m M) as [one other].
  assert (B : a * a * DD <= a * a * ((m + M) * dD - m * M * dd)) by nra.
  destruct (Rle_or_lt (a * (m + M)) 2).
  - apply Rle_trans with ((1 - a * m) * (1 - a * m) * dd); [| nra].
    assert (0 <= a * (2 - a * (m + M))) by nra. nra.
  - apply Rle_trans with ((1 - a * M) * (1 - a * M) * dd); [| nra].
    assert (0 <= a * (a * (m + M) - 2)) by nra. nra.
Qed.

Section Descent.
Context {E : InnerProductSpace}.
Variables (f : E -> R) (G : E -> E) (m M : R).
Hypothesis ordered : m <= M.
Hypothesis is_gradient : gradient_of f G.
Hypothesis class : curvature_between m M G.
Implicit Types x y h s : E.

Definition step a h : E := (h - a * G h)%v.

Fixpoint iterate a k h : E := match k with O => h | S k => step a (iterate a k h) end.

(** Any two states come closer by the factor, in every dimension. *)
Theorem distance : forall a x y, 0 < a -> norm (step a x - step a y) <= rate a m M * norm (x - y).
Proof.
  intros a x y A. apply norm_bound; [apply rate_positive |].
  pose proof (cocoercive f G m M x y ordered is_gradient class) as C. destruct (class x y) as [low high].
  replace (step a x - step a y)%v with ((x - y) - a * (G x - G y))%v by (unfold step; vectors).
  set (d := (x - y)%v) in *. set (D := (G x - G y)%v) in *. clearbody d D.
  replace (norm2 (d - a * D)) with (norm2 d - 2 * a * ip D d + a * a * norm2 D) by (expand; ring).
  apply step_leaves; [exact A | apply ip_positive | exact low | exact high |]. revert C. expand. intro. nra.
Qed.

(** So do all iterates come closer to a stationary point. *)
Theorem distance_after : forall a k h s, 0 < a -> G s = zero ->
  norm (iterate a k h - s) <= rate a m M ^ k * norm (h - s).
Proof.
  intros a k h s A stationary. induction k as [| k IH]; [simpl; lra |].
  assert (fixed : step a s = s) by (unfold step; rewrite stationary; vectors).
  pose proof (distance a (iterate a k h) s A) as one. rewrite fixed in one. cbn [iterate pow].
  pose proof (rate_positive a m M). eapply Rle_trans; [exact one |]. rewrite Rmult_assoc.
  apply Rmult_le_compat_l; assumption.
Qed.

(** The gradient shrinks by the same factor. *)
Theorem gradient : forall a h, 0 < a -> norm (G (step a h)) <= rate a m M * norm (G h).
Proof.
  intros a h A. apply norm_bound; [apply rate_positive |].
  pose proof (cocoercive f G m M h (step a h) ordered is_gradient class) as C.
  destruct (class h (step a h)) as [low high].
  replace (h - step a h)%v with (a * G h)%v in * by (unfold step; vectors).
  set (u := G h) in *. set (v := G (step a h)) in *. clearbody u v.
  pose proof (step_leaves m M a (a * a * norm2 u) (a * (norm2 u - ip u v)) (norm2 u - 2 * ip u v + norm2 v) A) as K.
  pose proof (ip_positive _ u) as P.
  assert (B : a * a * norm2 v <= rate a m M * rate a m M * (a * a * norm2 u)).
  { eapply Rle_trans; [| apply K]; [right; ring | nra | revert low; expand; intro; nra | revert high; expand; intro; nra |].
    revert C. expand. intro. nra. }
  apply Rmult_le_reg_l with (a * a); nra.
Qed.

(** A stationary point is the only minimiser, if m > 0, and values grow at least like m/2 times the squared distance. *)
Theorem growth : forall h s, G s = zero -> m / 2 * norm2 (h - s) <= f h - f s.
Proof.
  intros h s stationary. pose proof (lower_bound f G m s h is_gradient (fun a b => proj1 (class a b))) as low.
  rewrite stationary, ip_zero_left in low. lra.
Qed.

Theorem one_stationary_point : forall s t, 0 < m -> G s = zero -> G t = zero -> s = t.
Proof.
  intros s t positive S T. destruct (class s t) as [low _]. rewrite S, T in low. apply same_vector.
  pose proof (ip_positive _ (s - t)%v). replace (ip (zero - zero) (s - t)) with 0 in low by (expand; ring). nra.
Qed.

Theorem minimisers_are_stationary : forall s, 0 < M -> (forall h, f s <= f h) -> G s = zero.
Proof.
  intros s positive least. apply ip_definite.
  pose proof (upper_bound f G M s (s - / M * G s)%v is_gradient (fun a b => proj2 (class a b))) as high.
  specialize (least (s - / M * G s)%v). pose proof (ip_positive _ (G s)) as P.
  replace ((s - / M * G s) - s)%v with ((- / M) * G s)%v in high by vectors.
  assert (I : M * / M = 1) by (field; lra). assert (0 < / M) by (apply Rinv_0_lt_compat, positive).
  replace (f s + ip (G s) (- / M * G s) + M / 2 * norm2 (- / M * G s))
    with (f s - / M * norm2 (G s) + (M * / M) * / M / 2 * norm2 (G s)) in high by (expand; field; lra).
  rewrite I in high. nra.
Qed.
End Descent.
