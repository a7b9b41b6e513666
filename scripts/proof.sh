#!/usr/bin/env bash
# proof.sh [TEST...]: the comparisons with Debian's ipvsadm in the place of this
# program. A difference is a mistake of the comparison. Without TEST a part that
# needs every file of cases: all of them take five minutes.
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
