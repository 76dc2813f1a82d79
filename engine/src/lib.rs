//! Roomlog's engine: the fold, the codec, the log, history and live views.
