# Turns on the channels that Windows leaves off, on the computer it runs on (elevated; or as a start-up script by group
# policy). Their events are proof of what a host accepted; without them crosstap says less, never something else.
# Undo: the same with /e:false.
$channels = @(
    'Microsoft-Windows-DNS-Client/Operational',
    'Microsoft-Windows-Dhcp-Client/Operational',
    'Microsoft-Windows-Dhcpv6-Client/Operational'
)
foreach ($c in $channels) {
    wevtutil.exe sl "$c" /e:true /ms:8388608
    if ($LASTEXITCODE -ne 0) { Write-Warning "$c could not be turned on (code $LASTEXITCODE)" }
}
# Test: each line must say  enabled: true
foreach ($c in $channels) { "$c  " + ((wevtutil.exe gl "$c") -match '^enabled') }
