//! `status`: how far the farm is, once or as it changes.

use std::fmt::Write as _;

use jiff::Zoned;
use shotfarm_proto::client::Connection;
use shotfarm_proto::v1::{Selection, StatusRequest};

use crate::args::{Common, Status as Args};
use crate::board::board;
use crate::connect::{connect, refusal};
use crate::error::CliError;
use crate::exit::Exit;
use crate::follow::{Go, Heard, follow, nothing_selected};
use crate::newest::newest;
use crate::view::Status;
use crate::voice::screen::Screen;
use crate::voice::{Answer, Voice};

/// Asks the farm for the status of `selection`; `ended` includes batches that ended long ago.
pub(crate) async fn ask(farm: &Connection, selection: &str, ended: bool) -> Result<Status, CliError> {
    let selected = Some(Selection { text: selection.to_owned() });
    let request = StatusRequest { selection: selected, ended };
    let reply = farm.studio().status(request).await.map_err(|status| refusal(&status))?;
    Ok(reply.into_inner().into())
}

/// The verb.
pub(crate) async fn run(voice: Voice, common: &Common, args: &Args) -> Result<Exit, CliError> {
    let farm = connect(common).await?;
    let selection = args.selection.text.as_str();
    if args.watch {
        return watch(voice, &farm, selection).await;
    }
    let status = of_newest(ask(&farm, selection, !selection.is_empty()).await?, selection);
    if status.jobs.is_empty() && !selection.is_empty() {
        return Err(nothing_selected(selection));
    }
    voice.answer(&StatusAnswer { status: &status, now: Zoned::now() })?;
    Ok(Exit::Done)
}

/// Of a selection only the newest hand-in of each shot counts; of the whole farm everything does.
fn of_newest(mut status: Status, selection: &str) -> Status {
    if !selection.is_empty() {
        status.jobs = newest(&status).into_iter().cloned().collect();
    }
    status
}

async fn watch(voice: Voice, farm: &Connection, selection: &str) -> Result<Exit, CliError> {
    let mut screen = Screen::default();
    let live = voice.is_live();
    let mut last: Option<Status> = None;
    follow(farm, selection, !selection.is_empty(), &mut |heard| {
        let answer = |status: &Status, note: &str, screen: &mut Screen| {
            let answer = StatusAnswer { status, now: Zoned::now() };
            if live {
                let mut text = answer.human();
                let _ = write!(text, "{note}");
                screen.draw(&text).map_err(|error| CliError::stdout(&error))
            } else {
                voice.answer(&answer)
            }
        };
        match heard {
            Heard::Status(status) => {
                let status = of_newest(status.clone(), selection);
                // The one word for shells changes less often than what it stands for.
                let same_word = last.as_ref().is_some_and(|last| last.farm.state == status.farm.state);
                if voice != Voice::Quiet || !same_word {
                    answer(&status, "", &mut screen)?;
                }
                last = Some(status);
            }
            Heard::Away if live => {
                if let Some(status) = &last {
                    answer(status, "\n\nthe farm does not answer; it is asked again ...", &mut screen)?;
                }
            }
            Heard::Away => voice.note("the farm does not answer; it is asked again ..."),
            Heard::Back => {}
        }
        Ok(Go::On)
    })
    .await?;
    Ok(Exit::Done)
}

/// The status in the three voices.
struct StatusAnswer<'a> {
    status: &'a Status,
    now: Zoned,
}

impl Answer for StatusAnswer<'_> {
    fn human(&self) -> String {
        board(self.status, &self.now)
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!(self.status)
    }

    fn quiet(&self) -> String {
        self.status.farm.state.clone()
    }
}
