//! Rules against ARP as nft and arptables list them, and whether they are those of a step.

/// A rule of arptables: its chain, and its words as listed.
pub type ArpRule = (String, Vec<String>);

/// One transaction that makes a table, in the place of what is left of one of that name.
pub fn script(table: &str, body: &str) -> String {
    format!("table arp {table}\ndelete table arp {table}\ntable arp {table} {{\n{body}}}\n")
}

/// Whether a listing of `nft -n -y` shows these rules and no others. An empty table has its name
/// still, and one more rule before these can undo them.
pub fn is_table(listing: &str, table: &str, body: &str) -> bool {
    let wanted = format!("table arp {table} {{\n{body}}}");
    lines(listing).eq(lines(&wanted))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Reads what `arptables -n -L -v` lists.
pub fn read(listing: &str) -> Vec<ArpRule> {
    let mut chain = String::new();
    let mut rules = Vec::new();
    for line in listing.lines() {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match &words[..] {
            [first, name, ..] if first == "Chain" => chain.clone_from(name),
            [] => {}
            _ => rules.push((chain.clone(), words)),
        }
    }
    rules
}

/// Whether a listing shows a rule.
pub fn is_listed(present: &[ArpRule], rule: &str) -> bool {
    place(present, rule).is_some()
}

/// The chain of a rule and its number there, from 1. arptables lists the words of a rule in its own
/// order, each interface that was not named as `*` or `any`, and counters behind them.
pub fn place<'a>(present: &[ArpRule], rule: &'a str) -> Option<(&'a str, usize)> {
    let mut words = rule.split(' ');
    let chain = words.next().unwrap_or_default();
    let wanted = pairs(words);
    let mut of_chain = present.iter().filter(|(name, _)| name == chain);
    let index =
        of_chain.position(|(_, words)| pairs(words.iter().map(String::as_str)) == wanted)?;
    Some((chain, index + 1))
}

/// Options with their values, in one order.
fn pairs<'a>(words: impl Iterator<Item = &'a str>) -> Vec<(&'a str, &'a str)> {
    let mut words = words.take_while(|word| *word != ",");
    let mut pairs = Vec::new();
    while let Some(option) = words.next() {
        let value = words.next().unwrap_or_default();
        if !(matches!(option, "-i" | "-o") && matches!(value, "*" | "any")) {
            pairs.push((option, value));
        }
    }
    pairs.sort_unstable();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n\
        -j DROP -i v0 -o * -d 10.0.0.80 , pcnt=0 -- bcnt=0 \n\
        \n\
        Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)\n\
        -j mangle -i any -o v0 -s 10.0.0.80 --mangle-ip-s 10.0.0.2 , pcnt=0 -- bcnt=0 \n";

    #[test]
    fn a_rule_of_one_interface_is_not_the_rule_of_all() {
        let present = read(LISTING);
        assert!(is_listed(&present, "INPUT -i v0 -d 10.0.0.80 -j DROP"));
        assert!(is_listed(&present, "OUTPUT -o v0 -s 10.0.0.80 -j mangle --mangle-ip-s 10.0.0.2"));
        assert!(!is_listed(&present, "INPUT -d 10.0.0.80 -j DROP"));
        assert!(!is_listed(&present, "OUTPUT -i v0 -d 10.0.0.80 -j DROP"));
        let rewritten = "OUTPUT -o v0 -s 10.0.0.80 -j mangle --mangle-ip-s 10.0.0.2";
        assert_eq!(place(&present, rewritten), Some(("OUTPUT", 1)));
    }

    #[test]
    fn a_table_is_its_rules_and_not_its_name() {
        let body = "\tchain in {\n\t\tarp daddr ip 10.0.0.80 drop\n\t}\n";
        let listing = format!("table arp t {{\n{body}\n}}\n");
        assert!(is_table(&listing, "t", body));
        assert!(!is_table("table arp t {\n\tchain in {\n\t}\n}\n", "t", body));
        let more = listing.replace("arp daddr", "accept\n\t\tarp daddr");
        assert!(!is_table(&more, "t", body));
    }
}
