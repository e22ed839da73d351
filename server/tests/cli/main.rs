//! The real binary, run as a person or a script runs it: arguments, files, environment and standard input in; standard
//! output, standard error and exit code out.

#![cfg(test)]

mod ask;
mod backup;
mod backup_size;
mod configuration;
mod database;
mod doctor;
mod evaluation;
mod knowledge;
mod models;
mod people;
mod postgres;
#[path = "../../../store/tests/store/support/postgres_server.rs"]
mod postgres_server;
mod privacy;
mod profiles;
mod publishing;
mod reranking;
mod same_decision;
mod sandbox;
mod serving;
mod storage;
mod usage;
