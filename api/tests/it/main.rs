//! Roomlog over real sockets: whole processes, each on a port of its own.

mod documents;
