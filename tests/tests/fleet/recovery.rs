//! Whatever dies, and whenever: each operation comes to exactly one end, and what is destroyed is
//! destroyed at most once.
//!
//! Nothing here picks a moment: the agent dies after every byte that it writes, the connection is
//! cut at every frame, and the server is killed at every frame.

mod agent;
mod asking;
mod connection;
mod server;
