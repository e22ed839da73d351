//! An orderly end.

use tokio::net::TcpStream;

use crate::harness::{TestApp, within};

#[tokio::test]
async fn what_is_under_way_is_finished_and_nothing_new_begins() {
    let mut app = TestApp::start().await;
    app.gate.close();
    let under_way = app.ask_meanwhile("怎么退款");
    app.held_up(1).await;
    app.stop();
    within(async { while TcpStream::connect(app.address).await.is_ok() {} }).await;
    assert!(!under_way.is_finished());
    app.gate.open();
    within(under_way).await.unwrap().unwrap().expect_answer("refund");
    app.ended().await;
}

#[tokio::test]
async fn an_idle_connection_does_not_delay_the_end() {
    let mut app = TestApp::start().await;
    app.ask("怎么退款").await.expect_answer("refund");
    let _idle = TcpStream::connect(app.address).await.unwrap();
    app.stop();
    app.ended().await;
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_cut_off() {
    let mut app = TestApp::with(|config| config.server.shutdown_timeout_ms = 50).await;
    app.gate.close();
    let under_way = app.ask_meanwhile("怎么退款");
    app.held_up(1).await;
    app.stop();
    app.ended().await;
    assert!(within(under_way).await.unwrap().is_none(), "the connection was closed without a reply");
}
