//! The edge over real sockets.

mod documents;
