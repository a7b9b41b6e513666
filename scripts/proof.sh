#!/usr/bin/env bash
# proof.sh [TEST...]: runs the tests that compare this program with Debian's
# ipvsadm, with Debian's ipvsadm on both sides. Any difference is then a bug in the
# comparison. Without TEST, runs a selection that uses every file of cases; all
# tests would take five minutes.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

part=(parser:: privilege:: departures:: values::weights values::service_addresses_of_other
	values::real_server_addresses values::firewall values::masks values::names values::daemons
	--skip of_other_services)
[[ $# -eq 0 ]] || part=("$@")
cd "$top"
need_compiler
IPVSADM_REFERENCE=$(reference)
export IPVSADM_REFERENCE IPVSADM_UNDER_TEST=theirs
compat=$(cargo test --test compat --no-run --message-format=json-render-diagnostics | built compat)
[[ -n $compat ]] || die "cargo built no test binary 'compat'"
exec scripts/vm.sh "$compat" "${part[@]}"
