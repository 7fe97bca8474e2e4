(** Theorem 8 and Corollary 5, repaired: sums over tasks, and steps counted against visits. *)

Require Import Reals Lra List Lia.
Import ListNotations.
Open Scope R_scope.

(** Theorem 8: theta_new is no worse than theta_old for the new loss plus lambda times the sum of the old ones. *)
Section Forgetting.
Variables (T : Type) (l_new : T -> R) (old new : T) (lambda : R).
Hypothesis positive : 0 < lambda.

Definition total (tasks : list (T -> R)) theta := fold_right Rplus 0 (map (fun l => l theta) tasks).

Lemma total_of_both : forall these those theta, total (these ++ those) theta = total these theta + total those theta.
Proof.
  intros these those theta. unfold total. induction these as [| l these IH]; simpl; [lra |]. rewrite IH. lra.
Qed.

Theorem theorem_8 : forall tasks,
  l_new new + lambda * total tasks new <= l_new old + lambda * total tasks old ->
  total tasks new - total tasks old <= (l_new old - l_new new) / lambda.
Proof.
  intros tasks no_worse. apply Rmult_le_reg_l with lambda; [exact positive |].
  replace (lambda * ((l_new old - l_new new) / lambda)) with (l_new old - l_new new) by (field; lra). lra.
Qed.

Theorem theorem_8_one_task : forall before l after,
  l_new new + lambda * total (before ++ l :: after) new <= l_new old + lambda * total (before ++ l :: after) old ->
  total (before ++ after) old <= total (before ++ after) new ->
  l new - l old <= (l_new old - l_new new) / lambda.
Proof.
  intros before l after no_worse others. apply theorem_8 in no_worse.
  rewrite !total_of_both in *. unfold total in *. simpl in *. lra.
Qed.
End Forgetting.

(** Corollary 5: refinement stops at the first state with energy below tau, of at most n. *)
Section Steps.
Variable tau : R.

Fixpoint steps (e : nat -> R) n : nat :=
  match n with
  | O => O
  | S n => if Rlt_dec (e O) tau then O else S (steps (fun k => e (S k)) n)
  end.

Fixpoint visits (e : nat -> R) n : nat :=
  match n with
  | O => O
  | S n => ((if Rlt_dec (e O) tau then 0 else 1) + visits (fun k => e (S k)) n)%nat
  end.

Definition no_way_back (e : nat -> R) n := forall j k, (j < k < n)%nat -> e j < tau -> e k < tau.

Theorem corollary_5_bound : forall n e, (steps e n <= visits e n)%nat.
Proof.
  induction n as [| n IH]; intro e; simpl; [lia |]. specialize (IH (fun k => e (S k))).
  destruct (Rlt_dec (e O) tau); lia.
Qed.

Lemma no_visits : forall n e, visits e n = O <-> forall k, (k < n)%nat -> e k < tau.
Proof.
  induction n as [| n IH]; intro e; simpl; [split; [lia | reflexivity] |].
  specialize (IH (fun k => e (S k))). destruct (Rlt_dec (e O) tau) as [below | not].
  - split.
    + intros none k K. destruct k as [| k]; [exact below |]. apply (proj1 IH); [exact none | lia].
    + intro all. apply IH. intros k K. apply all. lia.
  - split; [lia |]. intro all. destruct not. apply all. lia.
Qed.

Theorem corollary_5_equality : forall n e, steps e n = visits e n <-> no_way_back e n.
Proof.
  induction n as [| n IH]; intro e; simpl; [split; [intros _ j k K; lia | reflexivity] |].
  specialize (IH (fun k => e (S k))). destruct (Rlt_dec (e O) tau) as [below | not].
  - split.
    + intros none j k K _. symmetry in none. simpl in none. destruct k as [| k]; [lia |].
      apply (proj1 (no_visits n (fun k => e (S k))) none). lia.
    + intro back. symmetry. apply no_visits. intros k K. apply (back O (S k)); [lia | exact below].
  - split.
    + intros same j k K J. injection same as same. destruct j as [| j]; [destruct not; exact J |].
      destruct k as [| k]; [lia |]. apply (proj1 IH same j k); [lia | exact J].
    + intro back. apply (f_equal S), IH. intros j k K J. apply (back (S j) (S k)); [lia | exact J].
Qed.

(** A sequence that never rises, as Phi along refinement, does not come back. *)
Theorem falling_sequences_do_not_come_back : forall n e, (forall k, e (S k) <= e k) -> no_way_back e n.
Proof.
  intros n e falls j k [less _] J. induction less as [| k less IH]; [specialize (falls j); lra |].
  specialize (falls k). lra.
Qed.
End Steps.
