//! What a page says when its readings are missing: that nothing is known, why, and what helps.

use crate::model::SensorState;
use crate::tui::page::View;
use crate::tui::widgets::pen::Pen;
use crate::tui::widgets::prose::{Para, lay};
use crate::tui::words;

/// Writes that `what` cannot be seen, with every sensor whose name begins with one of `ids`.
pub fn write(pen: &mut Pen<'_>, what: &str, ids: &[&str], view: &View<'_>) {
    let theme = view.theme;
    let mut body = vec![
        Para::new(format!("I CANNOT SEE {}", what.to_uppercase()), theme.blind),
        Para::empty(),
        Para::new(format!("That is not \"no {what}\": nothing on this page is known."), theme.text),
        Para::empty(),
    ];
    body.append(&mut reasons(ids, view));
    pen.skip(1);
    write_paras(pen, &body);
}

/// The same where other parts of the page can be seen.
pub fn write_short(pen: &mut Pen<'_>, what: &str, ids: &[&str], view: &View<'_>) {
    let mut body = vec![Para::new(format!("I cannot see {what}."), view.theme.blind)];
    body.append(&mut reasons(ids, view));
    write_paras(pen, &body);
}

/// What every sensor that does not see everything says, of those whose names begin with one of `ids`.
fn reasons(ids: &[&str], view: &View<'_>) -> Vec<Para> {
    let theme = view.theme;
    let mut body = Vec::new();
    let dim = view.snapshot.sensors.iter().filter(|sensor| sensor.state != SensorState::Ok);
    for sensor in dim.filter(|sensor| ids.iter().any(|id| sensor.id.starts_with(id))) {
        body.push(Para::new(words::sensor(sensor), theme.text));
        for place in &sensor.looked {
            body.push(Para::new(format!("{}: {}", place.place, place.result), theme.muted).indent(2));
        }
        if !sensor.fix.is_empty() {
            body.push(Para::new(words::command(&sensor.fix), theme.command).indent(2).one_line());
        }
        body.push(Para::empty());
    }
    body.push(Para::new("C shows every sensor, r looks again.", theme.muted));
    body
}

fn write_paras(pen: &mut Pen<'_>, body: &[Para]) {
    for mut line in lay(body, pen.width().saturating_sub(4)) {
        line.spans.insert(0, "  ".into());
        pen.line(line);
    }
}
