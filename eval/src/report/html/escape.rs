//! Text from outside becomes text of a page, never markup.

/// For element content and for quoted attribute values.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Not allowed in a document, escaped or not.
            control if control.is_control() && control != '\n' && control != '\t' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(
            escape("<script src=\"a\">'&amp;'</script>"),
            "&lt;script src=&quot;a&quot;&gt;&#39;&amp;amp;&#39;&lt;/script&gt;"
        );
        assert_eq!(escape("退款\u{0}\u{7f}\n"), "退款\u{fffd}\u{fffd}\n");
    }
}
