//! The alert rules and the dashboard that the packages contain.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;

use ipvsadm::internals::metrics::{DAEMON, DIRECTOR, Kind, Metric, SERVER, SERVICE};

use crate::promtool::promtool;

const ALERTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/prometheus-alerts.yml");
const DASHBOARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/grafana-dashboard.json");

/// Writes a temporary file and returns it with its path.
fn file(text: &str) -> (tempfile::NamedTempFile, String) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    (file, path)
}

/// The names of all metrics, as Prometheus stores them.
fn names() -> BTreeSet<String> {
    fn stored<T>(metrics: &[Metric<T>]) -> impl Iterator<Item = String> {
        metrics.iter().map(|metric| match metric.kind {
            Kind::Counter => format!("{}_total", metric.name),
            Kind::Gauge => metric.name.to_owned(),
        })
    }
    let daemon = [DAEMON.0.to_owned()];
    stored(&DIRECTOR).chain(stored(&SERVICE)).chain(stored(&SERVER)).chain(daemon).collect()
}

/// The words of a text that begin like a metric of ours.
fn mentioned(text: &str) -> BTreeSet<String> {
    let words = text.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
    words.filter(|word| word.starts_with("ipvs_")).map(str::to_owned).collect()
}

#[test]
fn promtool_accepts_the_alert_rules() {
    let outcome = promtool(&["check", "rules", "--lint-fatal", ALERTS], "");
    assert!(outcome.contains("SUCCESS"), "{outcome}");
    let unknown: Vec<_> =
        mentioned(&fs::read_to_string(ALERTS).unwrap()).difference(&names()).cloned().collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// Values of one director over a day and an hour, and the alerts that must fire.
const DAY: &str = r#"
rule_files: [ALERTS]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'ipvs_up{instance="a"}', values: '1x1600'}
      - {series: 'ipvs_drift_changes{instance="a"}', values: '0x20 2x1600'}
      - {series: 'ipvs_service_servers{address="192.0.2.1",port="80",protocol="tcp"}', values: '2x1600'}
      - {series: 'ipvs_service_servers_up{address="192.0.2.1",port="80",protocol="tcp"}', values: '2x9 0x1600'}
      - {series: 'ipvs_server_draining{server_address="10.0.0.1",server_port="80"}', values: '0x9 1x1600'}
      - {series: 'ipvs_server_up{server_address="10.0.0.1",server_port="80"}', values: '1x9 0x1600'}
      - {series: 'ipvs_server_draining{server_address="10.0.0.2",server_port="80"}', values: '0x1600'}
      - {series: 'ipvs_server_up{server_address="10.0.0.2",server_port="80"}', values: '1x9 0x1600'}
    promql_expr_test:
      - {expr: 'count(ALERTS{alertstate="firing"}) or vector(0)', eval_time: 9m, exp_samples: [{labels: '{}', value: 0}]}
      - expr: 'sum by (alertname) (ALERTS{alertstate="firing"})'
        eval_time: 40m
        exp_samples:
          - {labels: '{alertname="IpvsServiceDown"}', value: 1}
          - {labels: '{alertname="IpvsServerOverloaded"}', value: 1}
          - {labels: '{alertname="IpvsTableDrift"}', value: 1}
      - {expr: 'count(ALERTS{alertstate="firing",alertname="IpvsServerDrainingForLong"})', eval_time: 25h, exp_samples: [{labels: '{}', value: 1}]}
    alert_rule_test:
      - alertname: IpvsServiceDown
        eval_time: 40m
        exp_alerts:
          - exp_labels: {severity: critical, address: 192.0.2.1, port: 80, protocol: tcp}
            exp_annotations:
              summary: "tcp 192.0.2.1 80: no real server gets new connections"
              description: "Every real server has weight 0 or has reached its upper threshold, or there is none."
"#;

#[test]
fn alerts_fire_for_what_they_name() {
    let (_file, path) = file(&DAY.replace("[ALERTS]", &format!("['{ALERTS}']")));
    promtool(&["test", "rules", &path], "");
}

/// All values of the key `expr`, at any depth.
fn expressions(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) => {
            found.extend(map.get("expr").and_then(|it| it.as_str()).map(str::to_owned));
            map.values().for_each(|value| expressions(value, found));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| expressions(value, found)),
        _ => {}
    }
}

#[test]
fn the_dashboard_asks_for_metrics_that_exist() {
    let text = fs::read_to_string(DASHBOARD).unwrap();
    let mut found = Vec::new();
    expressions(&serde_json::from_str(&text).unwrap(), &mut found);
    assert!(found.len() > 10, "{found:?}");
    let unknown: Vec<_> = mentioned(&text).difference(&names()).cloned().collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    // Recording rules of these expressions: promtool has no check of expressions alone.
    let mut rules = "groups:\n- name: dashboard\n  rules:\n".to_owned();
    for (number, expression) in found.iter().enumerate() {
        let expression = expression.replace("$__rate_interval", "5m");
        rules += &format!("  - record: panel:{number}\n    expr: '{expression}'\n");
    }
    let (_file, path) = file(&rules);
    promtool(&["check", "rules", "--lint=none", &path], "");
}

#[test]
fn the_guide_maps_names_to_metrics_that_exist() {
    for language in ["en", "zh"] {
        let path = format!("{}/docs/guide/{language}/operating.md", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(path).unwrap();
        let rows =
            text.lines().filter(|line| line.starts_with("| `node_ipvs_")).collect::<Vec<_>>();
        assert_eq!(rows.len(), 8, "{rows:#?}");
        let unknown: Vec<_> = mentioned(&rows.concat()).difference(&names()).cloned().collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
