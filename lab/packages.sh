# Debian's kernels, and programs of this machine, for virtual machines; nothing is installed. Sourced by kernels.sh and vm.sh, after
# common.sh.
# shellcheck shell=bash disable=SC2034 # CACHE is for those who source it

# Where Debian has them; 5.10 is the oldest that the specification promises.
declare -A SUITES=([5.10]=bullseye-security [6.1]=bookworm-security [6.12]=bookworm-backports)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/loom/kernels
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# archive SUITE: from where this machine takes packages of that kind, as its own apt is configured.
archive() {
	local codename kind
	codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
	[[ $1 != *-security ]] || kind=-security
	# shellcheck disable=SC2016 # apt's own placeholders
	apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' |
		awk -v release="$codename${kind:-}" '$2 == release { print $1; exit }'
}

# kernel_package SERIES FLAVOUR DIRECTORY: the newest kernel of that series for amd64, unpacked into DIRECTORY, which is made anew.
# FLAVOUR is that of Debian: cloud-amd64 has what virtual machines need, amd64 everything.
kernel_package() {
	local series=$1 flavour=$2 apt=$3 suite=${SUITES[$1]} site package
	site=$(archive "$suite")
	[ -n "$site" ] || die "apt is not configured for Debian's archive: no place is known to take Linux $series from"
	rm -rf "$apt"
	mkdir -p "$apt"/{lists/partial,archives/partial}
	: >"$apt/status"
	printf 'deb [signed-by=%s] %s %s main\n' "$KEYRING" "$site" "$suite" >"$apt/sources.list"
	cat >"$apt/conf" <<-CONF
		Dir::State::lists "$apt/lists";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt";
		Dir::Cache::archives "$apt/archives";
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::Etc::sourceparts "-";
		APT::Sandbox::User "root";
	CONF
	say "kernels: fetching Linux $series from $suite"
	APT_CONFIG=$apt/conf apt-get -q -q update
	package=$(APT_CONFIG=$apt/conf apt-cache pkgnames "linux-image-$series." |
		grep -E "^linux-image-[0-9.]+(-[0-9]+|[+][^-]+)-$flavour$" | sort -V | tail -n 1)
	[ -n "$package" ] || die "$suite has no kernel $series of the kind $flavour"
	(cd "$apt" && APT_CONFIG=$apt/conf apt-get -q -q download "$package")
	dpkg-deb -x "$apt/$package"_*.deb "$apt"
}

# put_programs ROOT PROGRAM...: the files, and those that they need, at the same paths below ROOT.
put_programs() {
	local file root=$1
	shift
	for file in "$@" $(ldd "$@" | grep -o '/[^ :)]*' | sort -u); do
		[ -e "$root$file" ] || install -D "$(readlink -f "$file")" "$root$file"
	done
}
