//! `cargo xtask test`: format, lints and every test, one named step after the other. The first that fails ends it.
//!
//! The test runner comes last and nothing is printed after it, so that its own summary is what a person (or a script) reads.

use std::process::Command;
use std::time::Instant;

use crate::run::{TaskError, cargo, output_of, spoken};

struct Step {
    name: &'static str,
    arguments: Vec<&'static str>,
}

/// The steps in their order; the last is the test runner.
fn steps(has_nextest: bool) -> Vec<Step> {
    let step = |name, line: &'static str| Step { name, arguments: line.split(' ').collect() };
    let mut steps = vec![
        step("format", "fmt --all --check"),
        step("lints", "clippy --workspace --all-targets --locked -- -D warnings"),
        // The tests of the whole farm run it as processes; built beforehand, no test's time is spent on it.
        step("binaries", "build --workspace --bins --locked"),
    ];
    if has_nextest {
        steps.push(step("documentation tests", "test --workspace --doc --locked"));
        steps.push(step("tests", "nextest run --workspace --locked"));
    } else {
        steps.push(step("tests", "test --workspace --locked"));
    }
    steps
}

/// Parts of the toolchain that a minimal installation of Rust leaves out, each with the command that needs it.
const COMPONENTS: [(&str, &str); 2] = [("fmt", "rustfmt"), ("clippy", "clippy")];

fn check_components() -> Result<(), TaskError> {
    let works = |verb: &str| cargo().args([verb, "--version"]).output().is_ok_and(|output| output.status.success());
    match COMPONENTS.iter().find(|(verb, _)| !works(verb)) {
        None => Ok(()),
        Some((verb, component)) => Err(TaskError(format!(
            "`cargo {verb}` is not installed; add it with `rustup component add {component}`, then try again"
        ))),
    }
}

/// Runs every step.
pub(crate) fn check_all() -> Result<(), TaskError> {
    check_components()?;
    let has_nextest = output_of("cargo", &["nextest", "--version"]).is_some_and(|output| output.status.success());
    let steps = steps(has_nextest);
    let began = Instant::now();
    for (index, step) in steps.iter().enumerate() {
        let line = step.arguments.join(" ");
        println!("==> {}/{} {}: cargo {line}   (after {})", index + 1, steps.len(), step.name, spoken(began.elapsed()));
        let step_began = Instant::now();
        let mut command: Command = cargo();
        let status =
            command.args(&step.arguments).status().map_err(|error| TaskError(format!("cannot start `cargo {line}`: {error}")))?;
        let took = spoken(step_began.elapsed());
        if !status.success() {
            return Err(TaskError(format!("step `{}` failed after {took} ({status}): cargo {line}", step.name)));
        }
        if index + 1 < steps.len() {
            println!("    {} passed in {took}", step.name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_runner_comes_last_and_lints_are_strict() {
        for has_nextest in [true, false] {
            let steps = steps(has_nextest);
            let last = steps.last().unwrap();
            assert_eq!(last.name, "tests");
            assert_eq!(last.arguments.contains(&"nextest"), has_nextest);
            assert!(steps.iter().any(|step| step.arguments.ends_with(&["-D", "warnings"])));
            assert!(steps[1..].iter().all(|step| step.arguments.contains(&"--locked")), "nothing may change Cargo.lock");
        }
    }
}
