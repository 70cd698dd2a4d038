//! Programs that the tests of live capture run: servers, clients, ssetrace itself. Each ends with its value, by its process id.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// No step of a test takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program.
pub(crate) fn ssetrace() -> Command {
    Command::new(env!("CARGO_BIN_EXE_ssetrace"))
}

/// Says on the terminal, whatever the test harness captures, that a test was not run.
pub(crate) fn skipped(why: &str) {
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let _ = writeln!(io::stderr(), "SKIPPED {name}: {why}");
}

/// Whether this process may capture on loopback; if not, says that the test is skipped.
pub(crate) fn may_capture() -> bool {
    static MAY: OnceLock<bool> = OnceLock::new();
    let may = *MAY.get_or_init(|| {
        let mut probe = ssetrace();
        probe.args(["live", "-q", "--duration", "10ms", "-o", "/dev/null"]);
        probe
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    });
    if !may {
        skipped("capturing needs root or CAP_NET_RAW");
    }
    may
}

/// Whether the tests run as root; if not, says that the test is skipped.
pub(crate) fn is_root() -> bool {
    let root = nix::unistd::Uid::effective().is_root();
    if !root {
        skipped("it needs root");
    }
    root && may_capture()
}

/// Whether a tool is there; if not, says that the test is skipped.
pub(crate) fn has(tool: &str) -> bool {
    let there = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).exists()));
    if !there {
        skipped(&format!("{tool} is not installed"));
    }
    there
}

/// A program that is ended with its value.
pub(crate) struct Running {
    pub(crate) child: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    pub(crate) fn new(command: &mut Command) -> Running {
        Running {
            child: command.spawn().expect("the program starts"),
        }
    }

    /// Sends a signal: `INT`, `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let signal = match name {
            "INT" => rustix::process::Signal::INT,
            "HUP" => rustix::process::Signal::HUP,
            "STOP" => rustix::process::Signal::STOP,
            "CONT" => rustix::process::Signal::CONT,
            _ => rustix::process::Signal::TERM,
        };
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A server on a free port of loopback.
pub(crate) struct Server {
    pub(crate) port: u16,
    _running: Running,
    _folder: Option<tempfile::TempDir>,
}

impl Server {
    pub(crate) fn python() -> Option<Server> {
        let script = servers().join("python_server.py");
        has("python3").then(|| Server::start("python3", &[&script.to_string_lossy()], None))
    }

    pub(crate) fn node() -> Option<Server> {
        let script = servers().join("node_server.js");
        has("node").then(|| Server::start("node", &[&script.to_string_lossy()], None))
    }

    /// Spring's SseEmitter in Tomcat, from Debian's packages.
    pub(crate) fn spring() -> Option<Server> {
        let entries = fs::read_dir("/usr/share/java")
            .into_iter()
            .flatten()
            .flatten();
        let jars: Vec<String> = entries
            .map(|entry| entry.path().to_string_lossy().into_owned())
            .filter(|path| {
                let name = path.rsplit('/').next().unwrap_or_default();
                path.ends_with(".jar")
                    && ["spring3-", "tomcat9-", "commons-logging.jar"]
                        .iter()
                        .any(|begin| name.starts_with(begin))
            })
            .collect();
        if !jars.iter().any(|jar| jar.contains("spring3-web.servlet")) {
            skipped("libspring-web-servlet-java is not installed");
            return None;
        }
        if !has("javac") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().to_string_lossy().into_owned();
        let class_path = format!("{at}:{}", jars.join(":"));
        let source = servers().join("SpringServer.java");
        let compiled = Command::new("javac")
            .args(["-encoding", "UTF-8", "-cp", &class_path, "-d", &at])
            .arg(source)
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(compiled.success(), "javac failed");
        let before = ["-cp", &class_path, "SpringServer"];
        Some(Server::start("java", &before, Some(folder)))
    }

    fn start(program: &str, before: &[&str], folder: Option<tempfile::TempDir>) -> Server {
        let port = free_port();
        let mut command = Command::new(program);
        command.args(before).arg(port.to_string());
        command.args(folder.iter().map(|folder| folder.path()));
        let mut running = Running::new(command.stdout(Stdio::piped()).stderr(Stdio::null()));
        let lines = lines(running.child.stdout.take().unwrap());
        expect(&lines, "listening");
        Server {
            port,
            _running: running,
            _folder: folder,
        }
    }

    /// A curl that reads one stream to its end.
    pub(crate) fn curl(&self, path: &str) -> Running {
        curl(self.port, path)
    }

    /// Node's EventSource, built in or of the package eventsource, which reads /resume until it is told to stop.
    pub(crate) fn event_source(&self) -> Option<Running> {
        if !has("node") {
            return None;
        }
        let built_in: &[&str] = &["--experimental-eventsource"];
        let there = "process.exit(globalThis.EventSource ? 0 : require('eventsource') && 0)";
        let usable = [built_in, &[]].into_iter().find(|options| {
            let mut node = Command::new("node");
            node.args(*options).args(["-e", there]);
            node.stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        });
        let Some(options) = usable else {
            skipped("node has no EventSource: it is 20.18 or newer, or the package eventsource");
            return None;
        };
        let mut node = Command::new("node");
        node.args(options).arg(servers().join("node_client.js"));
        node.args([&self.port.to_string(), "resume"]);
        Some(Running::new(
            node.stdout(Stdio::null()).stderr(Stdio::null()),
        ))
    }

    /// A filter for its connections.
    pub(crate) fn filter(&self) -> String {
        format!("tcp port {}", self.port)
    }
}

/// haproxy before a server, and haproxy before that, which sends it a header of the PROXY protocol.
pub(crate) struct Proxied {
    /// What clients ask.
    pub(crate) first: u16,
    /// What the header goes to.
    pub(crate) second: u16,
    _running: Running,
    _folder: tempfile::TempDir,
}

impl Proxied {
    /// `option` is that of the first one's `server`: `send-proxy`.
    pub(crate) fn start(server: &Server, option: &str) -> Option<Proxied> {
        if !has("haproxy") {
            return None;
        }
        let (first, second, last) = (free_port(), free_port(), server.port);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("haproxy.cfg");
        let text = format!(
            "defaults
                mode http
                timeout connect 10s
                timeout client 10s
                timeout server 10s
            listen first
                bind 127.0.0.1:{first}
                server second 127.0.0.1:{second} {option}
            listen second
                bind 127.0.0.1:{second} accept-proxy
                server last 127.0.0.1:{last}
"
        );
        fs::write(&file, text).unwrap();
        let mut haproxy = Command::new("haproxy");
        haproxy.arg("-db").arg("-f").arg(&file);
        let running = Running::new(haproxy.stdout(Stdio::null()).stderr(Stdio::null()));
        until("haproxy listens", || {
            TcpStream::connect(("127.0.0.1", first)).is_ok()
        });
        Some(Proxied {
            first,
            second,
            _running: running,
            _folder: folder,
        })
    }
}

/// A `ssetrace live` that listens.
pub(crate) struct Live {
    pub(crate) running: Running,
    pub(crate) out: Receiver<String>,
    pub(crate) errors: Receiver<String>,
}

impl Live {
    pub(crate) fn start(arguments: &[&str]) -> Live {
        let mut command = ssetrace();
        command.arg("live").args(arguments);
        Live::spawn(command)
    }

    /// Starts it and waits until it says that it listens.
    pub(crate) fn spawn(mut command: Command) -> Live {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = Running::new(&mut command);
        let out = lines(running.child.stdout.take().unwrap());
        let errors = lines(running.child.stderr.take().unwrap());
        expect(&errors, "listening on");
        Live {
            running,
            out,
            errors,
        }
    }

    /// Asks for a clean end, waits for it, and gives what is left of standard output.
    pub(crate) fn stop(mut self) -> Vec<String> {
        self.running.signal("INT");
        self.end()
    }

    /// Waits for its end by itself.
    pub(crate) fn end(&mut self) -> Vec<String> {
        let status = self.running.wait();
        assert_eq!(status.code(), Some(0), "{:?}", rest(&self.errors));
        rest(&self.out)
    }
}

/// A curl that reads one stream of that port to its end.
pub(crate) fn curl(port: u16, path: &str) -> Running {
    let url = format!("http://127.0.0.1:{port}{path}");
    let mut curl = Command::new("curl");
    curl.args(["-sN", "--max-time", "15", &url]);
    Running::new(curl.stdout(Stdio::null()))
}

/// A port of loopback that nobody listens on.
fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

/// The lines of a stream as they come.
pub(crate) fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Waits for a line with `words`, and gives it.
pub(crate) fn expect(lines: &Receiver<String>, words: &str) -> String {
    let begun = Instant::now();
    let mut before = Vec::new();
    loop {
        match lines.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())) {
            Ok(line) if line.contains(words) => return line,
            Ok(line) => before.push(line),
            Err(_) => panic!("no line with {words:?}, but {before:#?}"),
        }
    }
}

/// All lines up to the stream's end.
pub(crate) fn rest(lines: &Receiver<String>) -> Vec<String> {
    let mut all = Vec::new();
    while let Ok(line) = lines.recv_timeout(PATIENCE) {
        all.push(line);
    }
    all
}

/// Waits until `file` is longer than `bytes`.
pub(crate) fn grown(file: &Path, bytes: u64) {
    until(&format!("{} grows", file.display()), || {
        fs::metadata(file).map_or(0, |metadata| metadata.len()) > bytes
    });
}

/// Waits until it is as the words say.
pub(crate) fn until(words: &str, mut it_is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !it_is() {
        assert!(begun.elapsed() < PATIENCE, "not yet: {words}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn servers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/make/servers")
}
