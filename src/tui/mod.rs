//! Shows: the full-screen view.
