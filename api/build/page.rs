//! Packs `web/dist`, the page as `make web` leaves it, into the binary: each file as it is, and compressed where that
//! makes it smaller, so that nothing is compressed while people wait.
//!
//! What must hold: a build without `web/dist` succeeds and packs nothing; nobody needs Node to compile Roomlog.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where the page is, from this crate.
const PAGE: &str = "../web/dist";
/// What is watched while there is no page: cargo would run this again in every build for a path that is not there.
const SOURCE: &str = "../web";
/// The strongest there is: it is paid once a build.
const BROTLI_QUALITY: u32 = 11;
/// 4 MiB: no file of the page is larger.
const BROTLI_WINDOW: u32 = 22;
const BROTLI_BUFFER: usize = 64 * 1024;

/// Writes `page.rs` into `OUT_DIR`: a table of `File`s, empty where the page was not built.
pub(crate) fn pack() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo says where"));
    // Asked while it runs: checkouts that share a target folder share this program too.
    let this_crate = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where"));
    let page = this_crate.join(PAGE);
    let is_built = page.join("index.html").is_file();
    let watched = if is_built { PAGE } else { SOURCE };
    println!("cargo:rerun-if-changed={watched}");
    let mut files = Vec::new();
    if is_built {
        collect(&page, &page, &mut files);
        // By bytes, as the table is searched.
        files.sort_unstable();
    }
    let mut table = "&[\n".to_owned();
    for (number, name) in files.iter().enumerate() {
        table.push_str(&packed(&out, number, &page, name));
    }
    table.push_str("]\n");
    write(&out.join("page.rs"), table.as_bytes());
}

/// Every file below that is not hidden, by its path from the top.
fn collect(top: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a folder's entry").path();
        // What tools leave for each other is not the page's.
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if is_hidden {
            continue;
        }
        if path.is_dir() {
            collect(top, &path, files);
        } else {
            let below = path.strip_prefix(top).expect("it is below");
            files.push(below.to_str().expect("names of the page's files are UTF-8").to_owned());
        }
    }
}

/// A line of the table.
fn packed(out: &Path, number: usize, page: &Path, name: &str) -> String {
    let file = page.join(name);
    let plain = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let hash = blake3::hash(&plain).to_hex();
    // Kept beside the table: who builds the page anew meanwhile takes nothing from under the compiler.
    let keep = |field: &str, bytes: &[u8]| {
        let kept = out.join(format!("{number}.{field}"));
        write(&kept, bytes);
        format!("include_bytes!({:?})", kept.display().to_string())
    };
    let mut line = format!(
        "File {{ path: {name:?}, media_type: {:?}, hash: {:?}, plain: {}",
        media_type(name),
        &hash[..16],
        keep("plain", &plain),
    );
    for (field, smaller) in [("brotli", brotli(&plain)), ("gzip", gzip(&plain))] {
        let value = match smaller.len() < plain.len() {
            true => format!("Some({})", keep(field, &smaller)),
            false => "None".to_owned(),
        };
        let _ = write!(line, ", {field}: {value}");
    }
    line.push_str(" },\n");
    line
}

fn brotli(plain: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut packed, BROTLI_BUFFER, BROTLI_QUALITY, BROTLI_WINDOW);
    writer.write_all(plain).expect("a vector takes all");
    drop(writer);
    packed
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(plain).expect("a vector takes all");
    writer.finish().expect("a vector takes all")
}

/// By the name's end: what a page of ours is made of, and nothing guessed (`nosniff` holds for everything).
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, end)| end) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        other => panic!("{name}: say in api/build/page.rs what .{other} is"),
    }
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
