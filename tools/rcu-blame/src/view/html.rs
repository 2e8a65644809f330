// SPDX-License-Identifier: GPL-2.0

//! HTML, in which no text of a recording can be markup.
//!
//! The names of elements and attributes are constants of the program, and all else is escaped.

use std::fmt::Display;

/// A page, or a part of one.
#[derive(Default)]
pub struct Html(String);

/// Attributes of an element.
pub type Attributes<'a> = &'a [(&'static str, &'a dyn Display)];

impl Html {
    /// Adds markup of the program's own.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds text.
    pub fn text(&mut self, text: impl Display) -> &mut Self {
        escape(&mut self.0, &text.to_string());
        self
    }

    /// Adds an element, with what `content` adds in it.
    pub fn element(
        &mut self,
        name: &'static str,
        attributes: Attributes<'_>,
        content: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.0.push('<');
        self.0.push_str(name);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            escape(&mut self.0, &value.to_string());
            self.0.push('"');
        }
        self.0.push('>');
        content(self);
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
        self
    }

    /// Adds an element that has text only.
    pub fn line(&mut self, name: &'static str, text: impl Display) -> &mut Self {
        self.element(name, &[], |html| {
            html.text(text);
        });
        self.raw("\n")
    }

    /// The page.
    pub fn finish(self) -> String {
        self.0
    }
}

/// Control characters have no place in a page, not even as references.
fn escape(to: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '"' => to.push_str("&quot;"),
            '\'' => to.push_str("&#39;"),
            '\n' | '\t' => to.push(c),
            c if c.is_control() => to.push('\u{fffd}'),
            c => to.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escaped() {
        let mut html = Html::default();

        html.element("p", &[("title", &"a\"b")], |html| {
            html.text("<script>&'\x1b");
        });
        assert_eq!(
            html.finish(),
            "<p title=\"a&quot;b\">&lt;script&gt;&amp;&#39;\u{fffd}</p>"
        );
    }

    proptest! {
        #[test]
        fn any_text(text in any::<String>()) {
            let mut html = Html::default();

            html.text(&text);
            let page = html.finish();

            prop_assert!(!page.contains(['<', '>', '"', '\'', '\0', '\x1b']));
        }
    }
}
