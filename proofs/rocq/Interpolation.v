(** Functions whose curvature lies in [mu, L], and the inequalities between two of their points.

    The class is defined as in Eq. 24, by gradients at pairs of states; mu may be negative (weak convexity). That the
    gradient is one is needed along lines only. The inequalities are those of Taylor, Hendrickx and Glineur (2017,
    Theorem 4) and Nesterov (2018, Theorems 2.1.5 and 2.1.12); here they are derived. *)

From Equilibria Require Export InnerProduct.

Section Class.
Context {E : InnerProductSpace}.
Implicit Types x y z d : E.

Definition gradient_of (f : E -> R) (G : E -> E) :=
  forall x d t, derivable_pt_lim (fun s => f (x + s * d)%v) t (ip (G (x + t * d)%v) d).

Definition curvature_between mu L (G : E -> E) :=
  forall x y, mu * norm2 (x - y) <= ip (G x - G y) (x - y) <= L * norm2 (x - y).

Lemma at_end : forall x y, (x + 1 * (y - x))%v = y.
Proof. intros. vectors. Qed.

Lemma at_start : forall x d, (x + 0 * d)%v = x.
Proof. intros. vectors. Qed.

Lemma limit_is : forall h t a b, derivable_pt_lim h t a -> a = b -> derivable_pt_lim h t b.
Proof. intros h t a b H eq. rewrite <- eq. exact H. Qed.

(** Along a line f minus a parabola has the derivative that one expects. *)
Lemma parabola_along : forall f G x d c t, gradient_of f G ->
  derivable_pt_lim (fun s => f (x + s * d)%v - s * ip (G x) d - c / 2 * (s * s) * norm2 d) t
    (ip (G (x + t * d)%v) d - ip (G x) d - c * t * norm2 d).
Proof.
  intros f G x d c t HG.
  apply (derivable_pt_lim_minus (fun s => f (x + s * d)%v - s * ip (G x) d) (fun s => c / 2 * (s * s) * norm2 d)).
  - apply (derivable_pt_lim_minus (fun s => f (x + s * d)%v) (fun s => s * ip (G x) d)); [apply HG |].
    eapply limit_is;
      [exact (derivable_pt_lim_mult id (fct_cte (ip (G x) d)) t _ _
        (derivable_pt_lim_id t) (derivable_pt_lim_const _ t)) |].
    unfold id, fct_cte. ring.
  - eapply limit_is;
      [exact (derivable_pt_lim_mult (fct_cte (c / 2) * (id * id))%F (fct_cte (norm2 d)) t _ _
        (derivable_pt_lim_mult (fct_cte (c / 2)) (id * id)%F t _ _ (derivable_pt_lim_const _ t)
          (derivable_pt_lim_mult id id t _ _ (derivable_pt_lim_id t) (derivable_pt_lim_id t)))
        (derivable_pt_lim_const _ t)) |].
    unfold id, fct_cte, mult_fct. field.
Qed.

(** Curvature at least mu, from gradients to values. *)
Theorem lower_bound : forall f G mu x y, gradient_of f G ->
  (forall x y, mu * norm2 (x - y) <= ip (G x - G y) (x - y)) ->
  f x + ip (G x) (y - x) + mu / 2 * norm2 (y - x) <= f y.
Proof.
  intros f G mu x y HG low. set (d := (y - x)%v).
  destruct (MVT_cor2 (fun s => f (x + s * d)%v - s * ip (G x) d - mu / 2 * (s * s) * norm2 d)
    (fun t => ip (G (x + t * d)%v) d - ip (G x) d - mu * t * norm2 d) 0 1) as [c [eq [c0 c1]]];
    [lra | intros; apply parabola_along, HG |].
  rewrite at_start in eq. replace (x + 1 * d)%v with y in eq by (symmetry; apply at_end).
  specialize (low (x + c * d)%v x). replace ((x + c * d) - x)%v with (c * d)%v in low by vectors.
  set (g := G (x + c * d)%v) in *. set (h := G x) in *.
  assert (mu * c * norm2 d <= ip g d - ip h d).
  { apply Rmult_le_reg_l with c; [exact c0 |]. revert low. expand. intro. nra. }
  nra.
Qed.

(** Curvature at most L: the descent lemma. *)
Theorem upper_bound : forall f G L x y, gradient_of f G ->
  (forall x y, ip (G x - G y) (x - y) <= L * norm2 (x - y)) ->
  f y <= f x + ip (G x) (y - x) + L / 2 * norm2 (y - x).
Proof.
  intros f G L x y HG high. set (d := (y - x)%v).
  destruct (MVT_cor2 (fun s => f (x + s * d)%v - s * ip (G x) d - L / 2 * (s * s) * norm2 d)
    (fun t => ip (G (x + t * d)%v) d - ip (G x) d - L * t * norm2 d) 0 1) as [c [eq [c0 c1]]];
    [lra | intros; apply parabola_along, HG |].
  rewrite at_start in eq. replace (x + 1 * d)%v with y in eq by (symmetry; apply at_end).
  specialize (high (x + c * d)%v x). replace ((x + c * d) - x)%v with (c * d)%v in high by vectors.
  set (g := G (x + c * d)%v) in *. set (h := G x) in *.
  assert (ip g d - ip h d <= L * c * norm2 d).
  { apply Rmult_le_reg_l with c; [exact c0 |]. revert high. expand. intro. nra. }
  nra.
Qed.

(** The inequality with values. Curvature at least mu at y and the descent lemma at x, both at the point
    z = x - w/(L - mu), w = D - mu d, d = x - y, D = G x - G y. *)
Theorem interpolation_values : forall f G mu L x y, mu < L -> gradient_of f G -> curvature_between mu L G ->
  norm2 (G x - G y) + mu * L * norm2 (x - y) - 2 * mu * ip (G x - G y) (x - y)
  <= 2 * (L - mu) * (f x - f y - ip (G y) (x - y)).
Proof.
  intros f G mu L x y less HG between. set (s := / (L - mu)).
  assert (S : s * (L - mu) = 1) by (unfold s; field; lra).
  set (d := (x - y)%v). set (w := ((G x - G y) - mu * d)%v). set (z := (x - s * w)%v).
  pose proof (lower_bound f G mu y z HG (fun a b => proj1 (between a b))) as low.
  pose proof (upper_bound f G L x z HG (fun a b => proj2 (between a b))) as high.
  replace (z - y)%v with (d - s * w)%v in low by (unfold z, d; vectors).
  replace (z - x)%v with ((- s) * w)%v in high by (unfold z; vectors).
  assert (D : (G x - G y)%v = (w + mu * d)%v) by (unfold w; vectors).
  assert (A : ip (G x) w = ip (G y) w + ip (w + mu * d) w) by (rewrite <- D; expand; ring).
  rewrite D. clearbody w d z. clear D between HG.
  assert (C : L * s * s * norm2 w = s * norm2 w + mu * s * s * norm2 w).
  { replace (L * s * s) with (s * (L - mu) * s + mu * s * s) by ring. rewrite S. ring. }
  assert (gap : s / 2 * norm2 w + mu / 2 * norm2 d <= f x - f y - ip (G y) d).
  { revert low high A. expand. intros. nra. }
  apply Rmult_le_compat_l with (r := 2 * (L - mu)) in gap; [| lra].
  replace (2 * (L - mu) * (s / 2 * norm2 w + mu / 2 * norm2 d))
    with (s * (L - mu) * norm2 w + mu * (L - mu) * norm2 d) in gap by field.
  rewrite S in gap. revert gap. expand. intro. nra.
Qed.

(** The inequality with gradients, co-coercivity: its sum over both orders of the pair. *)
Lemma cocoercive_below : forall f G mu L x y, mu < L -> gradient_of f G -> curvature_between mu L G ->
  0 <= ip ((G x - G y) - mu * (x - y)) (L * (x - y) - (G x - G y)).
Proof.
  intros f G mu L x y less HG between.
  pose proof (interpolation_values f G mu L x y less HG between) as one.
  pose proof (interpolation_values f G mu L y x less HG between) as other.
  apply Rmult_le_reg_l with 2; [lra |]. revert one other. expand. intros. nra.
Qed.

(** It also holds for mu = L, since it holds for every larger L. *)
Theorem cocoercive : forall f G mu L x y, mu <= L -> gradient_of f G -> curvature_between mu L G ->
  0 <= ip ((G x - G y) - mu * (x - y)) (L * (x - y) - (G x - G y)).
Proof.
  intros f G mu L x y le HG between. apply Rnot_lt_le. intro negative.
  set (t := ip ((G x - G y) - mu * (x - y)) (L * (x - y) - (G x - G y))) in *.
  set (s := ip ((G x - G y) - mu * (x - y)) (x - y)).
  assert (S : 0 <= s).
  { unfold s. pose proof (proj1 (between x y)) as low. revert low. expand. intro. nra. }
  assert (P : 0 < s + 1) by lra. set (e := - t / (s + 1)).
  assert (eq : e * (s + 1) = - t) by (unfold e; field; lra).
  assert (positive : 0 < e) by (unfold e; apply Rdiv_lt_0_compat; lra).
  assert (wider : curvature_between mu (L + e) G).
  { intros a b. destruct (between a b) as [low high]. split; [exact low |].
    pose proof (ip_positive _ (a - b)%v). nra. }
  pose proof (cocoercive_below f G mu (L + e) x y ltac:(lra) HG wider) as wide.
  replace (ip ((G x - G y) - mu * (x - y)) ((L + e) * (x - y) - (G x - G y))) with (t + e * s) in wide
    by (unfold t, s; expand; ring).
  lra.
Qed.
End Class.
