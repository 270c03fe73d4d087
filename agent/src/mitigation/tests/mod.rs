mod bench;
mod changed_since;
mod disk;
mod guard;
mod kinds_of_system;
mod whole;
