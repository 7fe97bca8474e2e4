"""Theorems that several claims or kinds of evidence use, proved once each."""
