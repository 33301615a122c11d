using System.Net;
using System.Net.Sockets;

namespace Cote.Notices;

/// <summary>
/// Tells addresses of the public internet from all others. What a user or a configuration names must not lead a request
/// into the network that the server stands in.
/// </summary>
static class AddressGuard
{
    // IANA's registries of special-purpose addresses: what they do not call globally reachable, and what carries an
    // address of IPv4 that a gateway of the network would unpack.
    static readonly IPNetwork[] Refused = [.. new[]
    {
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32", // a cloud's own services behind an address that looks public
        "2001::/23", // protocols of the IETF, Teredo among them
        "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    }.Select(IPNetwork.Parse)];

    static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");
    static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>Whether an address belongs to the public internet.</summary>
    public static bool IsPublic(IPAddress address)
    {
        var plain = Unmapped(address);
        if (plain.AddressFamily == AddressFamily.InterNetwork)
            return !Refused.Any(x => x.Contains(plain));
        // Behind a gateway that translates, a public host of IPv4 has such an address.
        if (Nat64.Contains(plain))
            return IsPublic(new(plain.GetAddressBytes().AsSpan(12)));
        return GlobalUnicast.Contains(plain) && !Refused.Any(x => x.Contains(plain));
    }

    /// <summary>The address of IPv4 where it is written as one of IPv6 (<c>::ffff:10.0.0.1</c>).</summary>
    public static IPAddress Unmapped(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
