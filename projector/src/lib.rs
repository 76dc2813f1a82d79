//! Roomlog's projector: runs projections over the log.
