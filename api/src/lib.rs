//! Roomlog's edge: REST, WebSocket, hub and tail.
