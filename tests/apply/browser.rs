//! The page of `serve` in a real Chromium, which is controlled over its debugging pipe.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::namespace_within;
use crate::program::{ours, restore};
use crate::web::{PATIENCE, Server, wait};

const RULES: &str = "\
-A -t 192.0.2.81:80 -s wlc
-a -t 192.0.2.81:80 -r 198.51.100.1:80 -m -w 3
-a -t 192.0.2.81:80 -r 198.51.100.2:80 -m -w 0
-A -u [2001:db8:1111:2222:3333:4444:5555:6666]:53 -s rr
-a -u [2001:db8:1111:2222:3333:4444:5555:6666]:53 -r [2001:db8:1111:2222:3333:4444:5555:7777]:53 -g -w 1
";

/// A browser with one page.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Option<String>,
    number: u64,
    _profile: TempDir,
}

impl Browser {
    /// Starts the browser, for which `evil.example` is this host.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// Starts it in a network namespace of its own without an address.
    pub fn start_without_network() -> Self {
        Self::start_with("unshare --net ")
    }

    fn start_with(wrapper: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        // Without a sandbox, because tests run as root. Chromium reads commands from descriptor 3
        // and writes answers to descriptor 4.
        let script = "chromium --headless --no-sandbox --disable-gpu --no-first-run \
            --disable-dev-shm-usage --host-resolver-rules='MAP evil.example 127.0.0.1' \
            --user-data-dir=\"$0\" --remote-debugging-pipe about:blank 3<&0 4>&1 >/dev/null 2>&1";
        let found = Command::new("chromium").arg("--version").output();
        assert!(found.is_ok(), "no chromium (Debian package chromium): run scripts/test.sh");
        let mut child = Command::new("sh")
            .args(["-c", &format!("exec {wrapper}{script}")])
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let to = child.stdin.take().unwrap();
        let from = BufReader::new(child.stdout.take().unwrap());
        let mut browser = Self { child, to, from, session: None, number: 0, _profile: profile };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", &target);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        browser
    }

    /// Sends a command and waits for its result.
    #[track_caller]
    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.number += 1;
        let mut command = json!({"id": self.number, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = session.as_str().into();
        }
        self.to.write_all(format!("{command}\0").as_bytes()).unwrap();
        loop {
            let mut bytes = Vec::new();
            self.from.read_until(0, &mut bytes).unwrap();
            bytes.pop().expect("chromium has ended");
            let mut answer: Value = serde_json::from_slice(&bytes).unwrap();
            // All others are events.
            if answer["id"] == self.number {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].take();
            }
        }
    }

    pub fn open(&mut self, url: &str) {
        self.call("Page.navigate", &json!({"url": url}));
    }

    /// The value of an expression in the page.
    #[track_caller]
    pub fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true});
        self.call("Runtime.evaluate", &parameters)["result"]["value"].take()
    }

    #[track_caller]
    pub fn wait(&mut self, expression: &str, value: &Value) {
        wait(|| self.value(expression), |found| found == value);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const ROWS: &str = "document.querySelectorAll('tbody tr.up').length";
const LINK: &str = "document.getElementById('link').textContent.slice(0, 25)";

#[test]
fn a_browser_renders_the_page_and_keeps_it_up_to_date() {
    namespace_within(4 * PATIENCE, || {
        restore(RULES).expect(0);
        let server = Server::start(&[]);
        let address = server.address.to_string();
        let origin = format!("http://{address}/");
        let mut browser = Browser::start();
        browser.open(&origin);
        browser.wait(ROWS, &2.into());
        // The content policy lets the style and the script through, and the page asks nobody else.
        browser.wait(
            "getComputedStyle(document.querySelector('tr.drained .state')).fontWeight",
            &"600".into(),
        );
        let here = format!(
            "performance.getEntriesByType('resource').every(it => it.name.startsWith('{origin}'))"
        );
        assert_eq!(browser.value(&here), true);

        // An update must not load the page again: this variable would be lost.
        browser.value("window.mark = 7");
        ours(&["-a", "-t", "192.0.2.81:80", "-r", "198.51.100.3:80", "-m"]).expect(0);
        browser.wait(ROWS, &3.into());
        assert_eq!(browser.value("window.mark"), 7);

        let (status, _) = server.stop();
        assert_eq!(status.code(), Some(0));
        browser.wait(LINK, &"No answer from the server".into());
        assert_eq!(browser.value(ROWS), 3, "the last content stays");
        ours(&["-d", "-t", "192.0.2.81:80", "-r", "198.51.100.3:80"]).expect(0);
        let server = Server::listen(&address, &[]);
        browser.wait(ROWS, &2.into());
        browser.wait(LINK, &"".into());
        assert_eq!(browser.value("window.mark"), 7);

        for width in [1280, 360] {
            let size =
                json!({"width": width, "height": 640, "deviceScaleFactor": 1, "mobile": true});
            browser.call("Emulation.setDeviceMetricsOverride", &size);
            browser.wait("document.documentElement.clientWidth", &width.into());
            let fits = format!("document.documentElement.scrollWidth <= {width}");
            assert_eq!(browser.value(&fits), true, "{width} pixels");
        }

        // A name of another site that resolves to this server.
        browser.open(&format!("http://evil.example:{}/", server.address.port()));
        browser.wait("location.hostname", &"evil.example".into());
        browser.wait("document.body.innerText.slice(0, 26)", &"this name is not permitted".into());
        assert_eq!(browser.value("document.body.innerText.includes('192.0.2.81')"), false);
    });
}
