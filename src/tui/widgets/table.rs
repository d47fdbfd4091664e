//! The one table: columns that drop by priority, rows that are filtered, sorted and selected.
//!
//! Widths depend on the room alone, never on the rows, so that nothing jumps between two beats.

use crate::model::Level;
use crate::text;
use crate::tui::export::Grid;
use crate::tui::filter::{Field, Filter};
use crate::tui::keymap::Action;
use crate::tui::page::View;
use crate::tui::widgets::pen::put;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use std::cmp::Ordering;

/// Columns in front of every row: the cursor and the level.
const MARK: u16 = 4;

/// One row.
pub trait Row {
    /// What stays the same from beat to beat, so that the selection stays on it.
    fn key(&self) -> u64;

    /// Its level; `None` for rows that nothing is said about.
    fn level(&self) -> Option<Level>;

    /// What a filter can ask for, by name.
    fn fields(&self) -> Vec<(&'static str, Field<'_>)>;
}

/// How two rows stand to each other in the order of a column.
pub type Order<T> = fn(&T, &T) -> Ordering;

/// One column.
pub struct Column<T> {
    /// The words over it.
    pub title: &'static str,
    /// Its width; of the last column that `grows`, the least width.
    pub width: u16,
    /// Takes the room that is left.
    pub grows: bool,
    /// The highest is dropped first; 0 is never dropped.
    pub priority: u8,
    /// Numbers stand at the right.
    pub right: bool,
    /// What stands in it.
    pub cell: for<'r> fn(&'r T, &View<'_>) -> Span<'r>,
    /// The order when sorted by it; `None` when it cannot be sorted by.
    pub order: Option<Order<T>>,
}

/// A list as the keys see it, whatever its rows are.
pub trait Listing {
    /// Columns that can be sorted by: their place and title.
    fn sorts(&self) -> Vec<(usize, &'static str)>;
    /// The place of the column that it is sorted by; `None` is attention.
    fn sorted_by(&self) -> Option<usize>;
    /// Sorts by a column; `None` is attention.
    fn sort_by(&mut self, column: Option<usize>);
    /// Takes a click; `None` when it is not on the list.
    fn click(&mut self, at: Position) -> Option<Hit>;
    /// Every row that is shown, with all columns, as words.
    fn grid(&self, view: &View<'_>) -> Grid;
    /// Moves the selection or changes the order; false when the action means neither.
    fn act(&mut self, action: Action) -> bool;
}

/// What a click on a list hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// The words over a column: it is sorted by it now.
    Head,
    /// A row: it is selected now.
    Row,
    /// The row that was selected already.
    Again,
}

/// Rows with their order, filter and selection.
pub struct List<T: 'static> {
    columns: &'static [Column<T>],
    rows: Vec<T>,
    shown: Vec<usize>,
    filter: Filter,
    min_level: Level,
    sort: Option<usize>,
    reversed: bool,
    selected: usize,
    offset: usize,
    height: usize,
    /// Columns at the left that are scrolled away.
    skip: usize,
    /// Where it was drawn last, and its columns there: their place in the table, from where, how wide.
    area: Rect,
    laid: Vec<(usize, u16, u16)>,
}

impl<T: Row> List<T> {
    /// An empty list in the order in which its rows are brought: attention.
    pub fn new(columns: &'static [Column<T>]) -> Self {
        Self {
            columns,
            rows: Vec::new(),
            shown: Vec::new(),
            filter: Filter::default(),
            min_level: Level::Info,
            sort: None,
            reversed: false,
            selected: 0,
            offset: 0,
            height: 1,
            skip: 0,
            area: Rect::ZERO,
            laid: Vec::new(),
        }
    }

    /// Titles of the columns that can be hidden.
    pub fn hideable(&self) -> impl Iterator<Item = &'static str> {
        let spare = self.columns.iter().filter(|column| column.priority > 0 && !column.title.is_empty());
        spare.map(|column| column.title)
    }

    /// Draws other columns; as many as before, so that it stays sorted by the one at the same place.
    pub const fn set_columns(&mut self, columns: &'static [Column<T>]) {
        self.columns = columns;
    }

    /// Takes the rows of a new beat, worst first; the selection stays on its row.
    pub fn bring(&mut self, rows: Vec<T>, min_level: Level) {
        let key = self.selected().map(Row::key);
        self.rows = rows;
        self.min_level = min_level;
        self.arrange(key);
    }

    /// Puts a filter in force.
    pub fn set_filter(&mut self, filter: Filter) {
        let key = self.selected().map(Row::key);
        self.filter = filter;
        self.arrange(key);
    }

    /// The filter that is in force.
    pub const fn filter(&self) -> &Filter {
        &self.filter
    }

    fn arrange(&mut self, key: Option<u64>) {
        let visible = |row: &T| {
            (self.min_level == Level::Info || row.level().is_some_and(|level| level >= self.min_level))
                && (self.filter.is_empty() || self.filter.matches(&row.fields()))
        };
        self.shown = (0..self.rows.len()).filter(|at| visible(&self.rows[*at])).collect();
        if let Some(order) = self.sort.and_then(|column| self.columns.get(column)?.order) {
            self.shown.sort_by(|a, b| order(&self.rows[*a], &self.rows[*b]));
        }
        if self.reversed {
            self.shown.reverse();
        }
        let place = key.and_then(|key| self.shown.iter().position(|at| self.rows[*at].key() == key));
        self.selected = place.unwrap_or(self.selected).min(self.shown.len().saturating_sub(1));
    }

    /// The selected row.
    pub fn selected(&self) -> Option<&T> {
        self.shown.get(self.selected).map(|at| &self.rows[*at])
    }

    /// The rows that are shown, in their order.
    pub fn shown(&self) -> impl Iterator<Item = &T> {
        self.shown.iter().map(|at| &self.rows[*at])
    }

    /// Selects the first row for which `wanted` holds; false when none is shown.
    pub fn select(&mut self, wanted: impl Fn(&T) -> bool) -> bool {
        let place = self.shown.iter().position(|at| wanted(&self.rows[*at]));
        self.selected = place.unwrap_or(self.selected);
        place.is_some()
    }

    /// How many rows are shown.
    pub const fn len(&self) -> usize {
        self.shown.len()
    }

    /// True when no row is shown.
    pub const fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// True when there is no row at all, whatever the filter and the level hide.
    pub const fn is_bare(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many lines it needs: the words over the columns, and its rows or the word that they are hidden.
    pub const fn lines(&self) -> u16 {
        let rows = if self.is_empty() && !self.is_bare() { 1 } else { self.len() };
        if rows < 1000 { rows as u16 + 1 } else { 1000 }
    }

    /// True while the first row is selected.
    pub const fn at_top(&self) -> bool {
        self.selected == 0
    }

    /// True while the last row is selected.
    pub const fn at_end(&self) -> bool {
        self.selected + 1 >= self.shown.len()
    }

    /// The order in words, `sort: CPU% ▼`.
    pub fn order_words(&self, view: &View<'_>) -> String {
        let title = self.sort.and_then(|at| self.columns.get(at)).map_or("attention", |column| column.title);
        format!("sort: {title} {}", self.arrow(view))
    }

    const fn arrow(&self, view: &View<'_>) -> &'static str {
        if self.reversed { view.glyphs.sorted_reverse } else { view.glyphs.sorted }
    }

    /// Draws the head and the rows; the selection is seen only where `focused`.
    pub fn draw(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>, focused: bool) {
        if area.height == 0 || area.width <= MARK {
            return;
        }
        self.area = area;
        self.laid = self.layout(area.width, view.hidden_columns);
        let theme = view.theme;
        for (at, x, width) in &self.laid {
            let column = &self.columns[*at];
            let sorted = self.sort == Some(*at);
            let title = if sorted {
                Span::styled(format!("{}{}", column.title, self.arrow(view)), theme.key)
            } else {
                Span::styled(column.title, theme.title)
            };
            cell(buf, area.x + x, area.y, *width, title, column.right);
        }
        self.height = usize::from(area.height - 1).max(1);
        self.scroll_to_selection();
        if self.is_empty() && !self.is_bare() && area.height > 1 {
            let says = if self.filter.is_empty() {
                "no row at this level: i shows all"
            } else {
                "no row fits the filter"
            };
            put(buf, area.x + MARK, area.y + 1, &Line::styled(says, theme.muted), area.width - MARK);
        }
        let hidden = self.shown.len().saturating_sub(self.offset + self.height);
        let drawn = if hidden > 0 && self.height > 2 { self.height - 1 } else { self.height };
        for (line, at) in self.shown.iter().skip(self.offset).take(drawn).enumerate() {
            let y = area.y + 1 + line as u16;
            if y >= area.bottom() {
                break;
            }
            let row = &self.rows[*at];
            for (at, x, width) in &self.laid {
                let column = &self.columns[*at];
                cell(buf, area.x + x, y, *width, (column.cell)(row, view), column.right);
            }
            if let Some(level) = row.level() {
                put(buf, area.x + 1, y, &Line::styled(view.glyphs.level(level), theme.level(level)), 2);
            }
            if focused && self.offset + line == self.selected {
                buf.set_style(Rect { y, height: 1, ..area }, theme.selected);
                put(buf, area.x, y, &Line::styled(view.glyphs.cursor, theme.selected), 1);
            }
        }
        if drawn < self.height && area.height > 2 {
            let more = format!("+ {} more", text::count((hidden + 1) as u64));
            put(buf, area.x + MARK, area.bottom() - 1, &Line::styled(more, theme.muted), area.width - MARK);
        }
    }

    fn scroll_to_selection(&mut self) {
        // The last line may say "+ n more": a selection there would be hidden.
        let room = if self.height > 2 { self.height - 1 } else { self.height };
        if self.selected < self.offset {
            self.offset = self.selected;
        }
        if self.selected >= self.offset + room {
            self.offset = self.selected + 1 - room;
        }
        self.offset = self.offset.min(self.shown.len().saturating_sub(self.height));
    }

    /// Places the columns: what does not fit is dropped by priority, what is left over goes to the one that grows.
    fn layout(&self, width: u16, hidden: &[String]) -> Vec<(usize, u16, u16)> {
        let is_hidden =
            |column: &Column<T>| column.priority > 0 && hidden.iter().any(|title| title == column.title);
        let mut kept: Vec<(usize, &'static Column<T>)> = self
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| !is_hidden(column))
            .skip(self.skip)
            .collect();
        let needs = |kept: &[(usize, &Column<T>)]| {
            (MARK + kept.iter().map(|(_, column)| column.width + 1).sum::<u16>()).saturating_sub(1)
        };
        while needs(&kept) > width {
            let Some(at) =
                (0..kept.len()).filter(|at| kept[*at].1.priority > 0).max_by_key(|at| kept[*at].1.priority)
            else {
                break;
            };
            kept.remove(at);
        }
        let spare = width.saturating_sub(needs(&kept));
        let growing = kept.iter().filter(|(_, column)| column.grows).count().max(1) as u16;
        let mut x = MARK;
        kept.into_iter()
            .map(|(at, column)| {
                let extra = if column.grows { spare / growing } else { 0 };
                let place = (at, x, (column.width + extra).min(width.saturating_sub(x)));
                x += column.width + extra + 1;
                place
            })
            .filter(|(_, x, _)| *x < width)
            .collect()
    }
}

fn cell(buf: &mut Buffer, x: u16, y: u16, width: u16, mut span: Span<'_>, right: bool) {
    let wide = text::width(&span.content);
    let pad = if right { usize::from(width).saturating_sub(wide) as u16 } else { 0 };
    if span.style == ratatui::style::Style::default() {
        span.style = buf[(x.min(buf.area.right() - 1), y.min(buf.area.bottom() - 1))].style();
    }
    put(buf, x + pad, y, &Line::from(span), width - pad);
}

impl<T: Row> Listing for List<T> {
    fn sorts(&self) -> Vec<(usize, &'static str)> {
        let sortable = self.columns.iter().enumerate().filter(|(_, column)| column.order.is_some());
        sortable.map(|(at, column)| (at, column.title)).collect()
    }

    fn sorted_by(&self) -> Option<usize> {
        self.sort
    }

    fn sort_by(&mut self, column: Option<usize>) {
        let key = self.selected().map(Row::key);
        self.sort = column;
        self.reversed = false;
        self.arrange(key);
        self.offset = 0;
    }

    fn click(&mut self, at: Position) -> Option<Hit> {
        if !self.area.contains(at) {
            return None;
        }
        if at.y == self.area.y {
            let x = at.x - self.area.x;
            let (place, ..) =
                *self.laid.iter().find(|(_, from, wide)| (*from..from + wide + 1).contains(&x))?;
            self.columns[place].order?;
            if self.sort == Some(place) {
                self.act(Action::Reverse);
            } else {
                self.sort_by(Some(place));
            }
            return Some(Hit::Head);
        }
        let row = self.offset + usize::from(at.y - self.area.y - 1);
        if row >= self.shown.len() {
            return None;
        }
        let again = row == self.selected;
        self.selected = row;
        Some(if again { Hit::Again } else { Hit::Row })
    }

    fn grid(&self, view: &View<'_>) -> Grid {
        let cells = |at: &usize| {
            let row = &self.rows[*at];
            self.columns.iter().map(|column| (column.cell)(row, view).content.into_owned()).collect()
        };
        Grid {
            titles: self.columns.iter().map(|column| column.title).collect(),
            rows: self.shown.iter().map(cells).collect(),
        }
    }

    fn act(&mut self, action: Action) -> bool {
        let last = self.shown.len().saturating_sub(1);
        let page = self.height.saturating_sub(1).max(1);
        match action {
            Action::Up => self.selected = self.selected.saturating_sub(1),
            Action::Down => self.selected += 1,
            Action::PageUp => self.selected = self.selected.saturating_sub(page),
            Action::PageDown => self.selected += page,
            Action::HalfUp => self.selected = self.selected.saturating_sub(page.div_ceil(2)),
            Action::HalfDown => self.selected += page.div_ceil(2),
            Action::ScrollLeft => self.skip = self.skip.saturating_sub(1),
            Action::ScrollRight => self.skip = (self.skip + 1).min(self.columns.len().saturating_sub(1)),
            Action::First => self.selected = 0,
            Action::Last => self.selected = last,
            Action::Reverse => {
                let key = self.selected().map(Row::key);
                self.reversed = !self.reversed;
                self.arrange(key);
            }
            Action::Attention => self.sort_by(None),
            Action::SortNext | Action::SortPrevious => {
                let sorts = self.sorts();
                let places = sorts.len() + 1; // attention stands before the first column
                let now = self
                    .sort
                    .and_then(|at| sorts.iter().position(|(place, _)| *place == at))
                    .map_or(0, |at| at + 1);
                let step = if action == Action::SortNext { 1 } else { places - 1 };
                let next = (now + step) % places;
                self.sort_by(next.checked_sub(1).map(|at| sorts[at].0));
            }
            _ => return false,
        }
        self.selected = self.selected.min(last);
        true
    }
}

/// Orders numbers from great to small, those that are not known last.
pub fn falling<N: PartialOrd>(a: Option<N>, b: Option<N>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => b.partial_cmp(&a).unwrap_or(Ordering::Equal),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}
