//! archy-peer: stock iroh + iroh-blobs as a test peer. See interop/README.md for the commands.
//!
//! Every command talks over loopback only: no relay, no address lookup, no second socket.

mod args;
mod bench;
mod buy;
mod get;
mod lie;
mod net;
mod paid;
mod provide;
mod random;
mod raw;
mod sell;
mod tap;

use std::process::ExitCode;

const USAGE: &str = "archy-peer provide|lie|get|get-many|get-random|observe|push|raw|buy|sell|\
bench-serve|bench-get|bench-raw-send|bench-raw-recv|bench-connect|versions [--options]";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(command) = words.next() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let args = args::Args::parse(words);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("tokio runtime");
    let result = runtime.block_on(async {
        match command.as_str() {
            "provide" => provide::provide(&args).await,
            "get" => get::get(&args).await,
            "get-many" => get::get_many(&args).await,
            "lie" => lie::lie(&args).await,
            "get-random" => random::get_random(&args).await,
            "observe" => get::observe(&args).await,
            "push" => raw::push(&args).await,
            "raw" => raw::raw(&args).await,
            "buy" => buy::buy(&args).await,
            "sell" => sell::sell(&args).await,
            "bench-serve" => bench::serve(&args).await,
            "bench-get" => bench::get(&args).await,
            "bench-raw-send" => bench::raw_send(&args).await,
            "bench-raw-recv" => bench::raw_recv(&args).await,
            "bench-connect" => bench::connect(&args).await,
            "versions" => {
                println!("{{\"iroh\":\"1.0.3\",\"iroh_blobs\":\"0.103.1\"}}");
                Ok(true)
            }
            _ => Err(format!("no such command; {USAGE}").into()),
        }
    });
    // A blocked stdin reader must not keep the process alive.
    runtime.shutdown_background();
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            net::line(serde_json::json!({"ok": false, "error": error.to_string()}));
            ExitCode::from(1)
        }
    }
}
