#!/bin/sh
# Installs a bundle without a network: sh install.sh FOLDER [PYTHON]
# Every file is compared with its checksum first, every wheel once more by pip.
set -eu

to=${1:?name the folder to install into, for example /opt/jmedqa}
python=${2:-python3.11}
cd "$(dirname "$0")"

sha256sum --quiet --check SHA256SUMS
listed=$(wc -l < SHA256SUMS)
found=$(find . -type f ! -name SHA256SUMS | wc -l)
if [ "$listed" -ne "$found" ]; then
    echo "the bundle holds $found files and SHA256SUMS names $listed: copy it again" >&2
    exit 1
fi

mkdir -p "$to"
"$python" -m venv "$to/venv"
"$to/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --find-links wheels \
    --no-deps --require-hashes -r requirements.txt
for part in index corpus serve.toml; do
    # What is there already is kept: an index that was rebuilt since, settings of this site.
    if [ -e "$part" ] && [ ! -e "$to/$part" ]; then
        cp -R "$part" "$to/$part"
    fi
done
echo "installed into $to; start it with:"
echo "  JMEDQA_INDEX__DIR=$to/index JMEDQA_STATE__DIR=$to/state $to/venv/bin/jmedqa serve --config $to/serve.toml"
