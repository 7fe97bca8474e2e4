(** Real inner product spaces of any dimension, complete or not, and what a norm sees of a few vectors. *)

Require Export Reals Lra Psatz.
Open Scope R_scope.

Record InnerProductSpace := {
  vector :> Type;
  zero : vector;
  plus : vector -> vector -> vector;
  scal : R -> vector -> vector;
  ip : vector -> vector -> R;
  plus_comm : forall x y, plus x y = plus y x;
  plus_assoc : forall x y z, plus x (plus y z) = plus (plus x y) z;
  plus_zero : forall x, plus x zero = x;
  plus_opposite : forall x, plus x (scal (-1) x) = zero;
  scal_one : forall x, scal 1 x = x;
  scal_scal : forall a b x, scal a (scal b x) = scal (a * b) x;
  scal_plus : forall a x y, scal a (plus x y) = plus (scal a x) (scal a y);
  plus_scal : forall a b x, scal (a + b) x = plus (scal a x) (scal b x);
  ip_sym : forall x y, ip x y = ip y x;
  ip_plus : forall x y z, ip (plus x y) z = ip x z + ip y z;
  ip_scal : forall a x y, ip (scal a x) y = a * ip x y;
  ip_positive : forall x, 0 <= ip x x;
  ip_definite : forall x, ip x x = 0 -> x = zero
}.

Arguments zero {_}.

Declare Scope vector_scope.
Delimit Scope vector_scope with v.
Bind Scope vector_scope with vector.
Arguments plus {_} (_ _)%v.
Arguments scal {_} _%R _%v.
Arguments ip {_} (_ _)%v.
Notation "x + y" := (plus x y) : vector_scope.
Notation "a * x" := (scal a x) : vector_scope.
Notation "x - y" := (plus x (scal (-1) y)) : vector_scope.
Notation norm2 x := (ip x%v x%v).
Notation norm x := (sqrt (ip x%v x%v)).

Section Space.
Context {E : InnerProductSpace}.
Implicit Types x y z d : E.

Lemma ip_plus_right : forall x y z, ip z (plus x y) = ip z x + ip z y.
Proof. intros. rewrite ip_sym, ip_plus, (ip_sym _ x), (ip_sym _ y). reflexivity. Qed.

Lemma ip_scal_right : forall a x y, ip y (scal a x) = a * ip y x.
Proof. intros. rewrite ip_sym, ip_scal, (ip_sym _ x). reflexivity. Qed.

Lemma scal_zero_left : forall x, scal 0 x = zero.
Proof.
  intro x. replace 0 with (1 + -1) by ring. rewrite plus_scal, scal_one. apply plus_opposite.
Qed.

Lemma ip_zero_left : forall x, ip zero x = 0.
Proof. intro x. rewrite <- (scal_zero_left x), ip_scal. ring. Qed.

Lemma ip_zero_right : forall x, ip x zero = 0.
Proof. intro x. rewrite ip_sym. apply ip_zero_left. Qed.
End Space.

(** Inner products of linear combinations in the goal become polynomials in those of the vectors; of <x, y> and <y, x>
    one stays. *)
Ltac expand :=
  rewrite ?ip_plus, ?ip_scal, ?ip_plus_right, ?ip_scal_right, ?ip_zero_left, ?ip_zero_right;
  repeat progress rewrite ?ip_plus, ?ip_scal, ?ip_plus_right, ?ip_scal_right, ?ip_zero_left, ?ip_zero_right;
  repeat match goal with
  | |- context [ip ?x ?y] =>
      match goal with |- context [ip y x] => tryif constr_eq x y then fail else rewrite (ip_sym _ y x) end
  end.

Section Space.
Context {E : InnerProductSpace}.
Implicit Types x y z d : E.

(** Vectors whose difference has norm 0 are equal. *)
Lemma same_vector : forall x y, norm2 (x - y) = 0 -> x = y.
Proof.
  intros x y H. apply ip_definite in H. rewrite <- (plus_zero _ x), <- (plus_opposite _ y).
  rewrite (plus_comm _ y), plus_assoc, H, plus_comm. apply plus_zero.
Qed.

(** And so are those with the same products; so equalities of vectors are equalities of polynomials. *)
Lemma same_products : forall x y, (forall z, ip x z = ip y z) -> x = y.
Proof. intros x y H. apply same_vector. rewrite ip_plus, ip_scal, H. ring. Qed.

Lemma norm_positive : forall x, 0 <= norm x.
Proof. intro. apply sqrt_pos. Qed.

Lemma norm_squared : forall x, norm x * norm x = norm2 x.
Proof. intro. apply sqrt_def, ip_positive. Qed.

(** A bound on squared norms is one on norms. *)
Lemma norm_bound : forall x y r, 0 <= r -> norm2 x <= r * r * norm2 y -> norm x <= r * norm y.
Proof.
  intros x y r R H. rewrite <- (sqrt_square r R) at 1. rewrite <- sqrt_mult; [| nra | apply ip_positive].
  apply sqrt_le_1; [apply ip_positive | apply Rmult_le_pos; [nra | apply ip_positive] | exact H].
Qed.

Lemma cauchy_schwarz : forall x y, ip x y * ip x y <= norm2 x * norm2 y.
Proof.
  intros x y. destruct (Req_dec (ip y y) 0) as [Z | N].
  - apply ip_definite in Z. subst y. rewrite !ip_zero_right. lra.
  - pose proof (ip_positive _ y) as P. pose proof (ip_positive _ ((ip y y) * x - (ip x y) * y)%v) as Q.
    revert Q. expand. intro Q. assert (0 < ip y y) by lra.
    assert (0 <= ip y y * (ip x x * ip y y - ip x y * ip x y)) by lra. nra.
Qed.

Lemma triangle : forall x y, norm (x + y) <= norm x + norm y.
Proof.
  intros x y. pose proof (norm_positive x) as X. pose proof (norm_positive y) as Y.
  pose proof (norm_squared x) as XX. pose proof (norm_squared y) as YY. pose proof (cauchy_schwarz x y) as C.
  rewrite <- (sqrt_square (norm x + norm y)) by lra. apply sqrt_le_1; [apply ip_positive | nra |]. expand.
  assert (ip x y <= norm x * norm y); [| nra].
  destruct (Rle_or_lt (ip x y) 0); [nra |]. apply Rsqr_incr_0; unfold Rsqr; nra.
Qed.
End Space.

Ltac vectors := apply same_products; intro; expand; ring.
