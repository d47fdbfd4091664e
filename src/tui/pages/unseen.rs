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
    pen.skip(1);
    for mut line in lay(&body, pen.width().saturating_sub(4)) {
        line.spans.insert(0, "  ".into());
        pen.line(line);
    }
}
