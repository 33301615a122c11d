#!/usr/bin/env bash
# Names the packages that the feed reports as vulnerable, transitive ones too, and then exits with 1. A feed that cannot
# be reached is no failure; one without vulnerability data (not nuget.org) reports nothing.
set -uo pipefail
cd "$(dirname "$0")/.."
report=$(dotnet list package --vulnerable --include-transitive --format json 2>/dev/null)
code=$?
problems=$(grep -ciE '"level": *"(error|warning)"' <<<"$report")
if grep -q '"vulnerabilities"' <<<"$report"; then
  dotnet list package --vulnerable --include-transitive
  echo 'Packages with known vulnerabilities: update them in Directory.Packages.props.' >&2
  exit 1
fi
if [ $code -ne 0 ] || [ "$problems" -gt 0 ] || [ -z "$report" ]; then
  echo 'No audit: the package feed could not be asked.'
else
  echo 'The package feed reports no vulnerable package.'
fi
