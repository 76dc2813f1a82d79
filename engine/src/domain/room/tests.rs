//! The rules of the fold, told as given / when / then.
