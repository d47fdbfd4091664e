//! The machine in a few lines: processor, memory, disks, network, and how fast it fills.

use crate::model::{Metric, System};
use crate::text;
use crate::tui::page::{Room, View};
use crate::tui::widgets::graph::{meter, spark, top};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// A figure that is not known: never a zero.
const UNKNOWN: &str = "?";

/// The lines of one column, the most worth knowing first.
pub fn lines(view: &View<'_>, curve: usize) -> Vec<Line<'static>> {
    let system = &view.snapshot.readings.system;
    let mut lines = vec![cpu(system, view, curve)];
    lines.extend(cores(system, view));
    lines.push(memory(system, view, curve));
    lines.extend(disks(system, view, curve));
    lines.push(network(view, curve));
    lines.extend(swap(system, view, curve));
    lines.extend(pressure(system, view));
    lines.extend(temperatures(system, view));
    lines
}

/// The processor: its curve, its share, the load over its cores.
pub fn cpu(system: &System, view: &View<'_>, curve: usize) -> Line<'static> {
    let used = system.cpu.as_ref().and_then(|cpu| cpu.used_pct);
    let cores = system.cpu.as_ref().map_or(0, |cpu| cpu.cores);
    let load = match (system.load, cores) {
        (Some(load), 0) => format!("load {:.2}", load.one_min),
        (Some(load), cores) if is_short(view) => format!("load {:.2}/{cores}", load.one_min),
        (Some(load), cores) => format!("load {:.2} of {cores}", load.one_min),
        (None, _) => format!("load {UNKNOWN}"),
    };
    let values = view.trend.values(Metric::CpuUsedPct, curve);
    Line::from(vec![
        name("CPU", view),
        Span::styled(spark(&values, 100.0, curve, view.glyphs), view.theme.graph),
        share(used, view),
        Span::raw(format!("  {load}")),
    ])
}

/// A bar for each core, where there is more than one.
fn cores(system: &System, view: &View<'_>) -> Option<Line<'static>> {
    let cores = system.cpu.as_ref().map(|cpu| &cpu.per_core_pct).filter(|cores| cores.len() > 1)?;
    let bars = cores.iter().take(64).map(|pct| {
        let share = f64::from(*pct) / 100.0;
        Span::styled(view.glyphs.bar(share), view.theme.share(share))
    });
    Some(std::iter::once(name("Cores", view)).chain(bars).collect())
}

/// Main memory.
pub fn memory(system: &System, view: &View<'_>, curve: usize) -> Line<'static> {
    let of = system.memory.map_or(UNKNOWN.to_owned(), |memory| {
        let (used, total) = (memory.used_bytes as f64, memory.total_bytes as f64);
        if is_short(view) {
            format!("{}/{}", text::bytes(used), text::bytes(total))
        } else {
            format!("{} of {}", text::bytes(used), text::bytes_long(total))
        }
    });
    let values = view.trend.values(Metric::MemoryUsedPct, curve);
    Line::from(vec![
        name("Mem", view),
        Span::styled(spark(&values, 100.0, curve, view.glyphs), view.theme.graph),
        share(system.memory.map(|memory| memory.used_pct), view),
        Span::raw(format!("  {of}")),
    ])
}

/// Each disk, the fullest first.
pub fn disks(system: &System, view: &View<'_>, columns: usize) -> Vec<Line<'static>> {
    let Some(disks) = &system.disks else {
        return vec![Line::from(vec![name("Disk", view), Span::raw(UNKNOWN)])];
    };
    let mut disks: Vec<_> = disks.iter().collect();
    disks.sort_by(|a, b| b.used_pct.total_cmp(&a.used_pct));
    disks
        .into_iter()
        .map(|disk| {
            let [full, empty] = meter(disk.used_pct / 100.0, columns.min(10), view.theme, view.glyphs);
            let free = disk.free_bytes();
            Line::from(vec![
                name("Disk", view),
                Span::raw(format!("{} ", text::fit(&disk.mount, 16))),
                full,
                empty,
                share(Some(disk.used_pct), view),
                Span::raw(format!("  {} free", text::bytes_long(free as f64))),
            ])
        })
        .collect()
}

/// Bytes in and out, loopback left out.
pub fn network(view: &View<'_>, curve: usize) -> Line<'static> {
    let curve = if is_short(view) { 6 } else { curve.min(10) };
    let inward = view.trend.values(Metric::NetRxBytesPerS, curve);
    let outward = view.trend.values(Metric::NetTxBytesPerS, 1);
    let rate = |value: Option<f64>| match value {
        Some(rate) if is_short(view) => format!("{}/s", text::bytes(rate)),
        Some(rate) => format!("{}/s", text::bytes_long(rate)),
        None => UNKNOWN.to_owned(),
    };
    let links = view.snapshot.readings.system.interfaces.as_ref();
    if links.is_some_and(|links| links.iter().all(|link| link.loopback)) {
        return Line::from(vec![name("Net", view), Span::styled("only loopback is there", view.theme.muted)]);
    }
    Line::from(vec![
        name("Net", view),
        Span::styled(spark(&inward, top(&inward), curve, view.glyphs), view.theme.graph),
        Span::raw(format!("  {} in", rate(inward.last().copied().flatten()))),
        Span::raw(format!("  {} out", rate(outward.last().copied().flatten()))),
    ])
}

fn swap(system: &System, view: &View<'_>, columns: usize) -> Option<Line<'static>> {
    let swap = system.swap.filter(|swap| swap.total_bytes > 0)?;
    let used = swap.used_pct?;
    let [full, empty] = meter(used / 100.0, columns.min(10), view.theme, view.glyphs);
    let of = format!(
        "  {} of {}",
        text::bytes_long(swap.used_bytes as f64),
        text::bytes_long(swap.total_bytes as f64)
    );
    Some(Line::from(vec![name("Swap", view), full, empty, share(Some(used), view), Span::raw(of)]))
}

/// Shares of time in which tasks waited: what load only hints at.
fn pressure(system: &System, view: &View<'_>) -> Option<Line<'static>> {
    let pressure = system.pressure?;
    let part = |word: &str, line: Option<crate::model::PressureLine>| {
        line.map(|line| format!("{word} {:.0} %", line.some_avg10_pct))
    };
    let parts = [part("cpu", pressure.cpu), part("memory", pressure.memory), part("disk", pressure.io)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| Line::from(vec![name("Waits", view), Span::raw(parts.join("  "))]))
}

fn temperatures(system: &System, view: &View<'_>) -> Option<Line<'static>> {
    let hottest = system.temperatures.as_ref()?.iter().max_by(|a, b| a.celsius.total_cmp(&b.celsius))?;
    let look = match hottest.critical_celsius {
        Some(critical) if hottest.celsius >= critical => view.theme.alert,
        Some(critical) if hottest.celsius >= critical - 10.0 => view.theme.warning,
        _ => Style::default(),
    };
    Some(Line::from(vec![
        name("Heat", view),
        Span::styled(format!("{:.0} °C", hottest.celsius), look),
        Span::styled(format!("  {}", hottest.label), view.theme.muted),
    ]))
}

/// True where two columns share a narrow screen.
fn is_short(view: &View<'_>) -> bool {
    view.room < Room::Wide
}

fn name(name: &str, view: &View<'_>) -> Span<'static> {
    Span::styled(format!("  {name:<6}"), view.theme.muted)
}

fn share(pct: Option<f64>, view: &View<'_>) -> Span<'static> {
    match pct {
        Some(pct) => {
            let look = if pct >= 90.0 { view.theme.graph_top } else { view.theme.strong };
            Span::styled(format!(" {pct:>3.0} %"), look)
        }
        None => Span::styled(format!("   {UNKNOWN} %"), view.theme.blind),
    }
}
