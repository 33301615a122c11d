using System.Globalization;
using System.Net;

namespace Cote.Notices;

/// <summary>
/// The host names, addresses and networks that an operator opens beside the public internet. A name opens whatever it
/// resolves to; an address or a network opens itself, by whatever name it is reached.
/// </summary>
sealed class AllowedHosts
{
    readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);
    readonly List<IPNetwork> _networks = [];

    AllowedHosts() { }

    /// <summary>Opens nothing.</summary>
    public static AllowedHosts None { get; } = new();

    /// <summary>Reads a list of entries, each of which may hold several with commas between them.</summary>
    /// <param name="entries">Host names, addresses, and networks as <c>10.0.0.0/8</c>.</param>
    /// <param name="wrong">The first entry that is none of them, else null.</param>
    public static AllowedHosts Parse(IEnumerable<string> entries, out string? wrong)
    {
        var hosts = new AllowedHosts();
        wrong = null;
        foreach (var entry in entries.SelectMany(x => x.Split(
            ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
            if (!hosts.TryAdd(entry))
                wrong ??= entry;
        return hosts;
    }

    /// <summary>Whether the name is on the list.</summary>
    public bool HasName(string host) => _names.Contains(host.TrimEnd('.'));

    /// <summary>Whether the address, or a network that it lies in, is on the list.</summary>
    public bool HasAddress(IPAddress address)
    {
        var plain = AddressGuard.Unmapped(address);
        return _networks.Any(x => x.Contains(plain));
    }

    bool TryAdd(string entry)
    {
        if (IPAddress.TryParse(entry, out var address))
        {
            var plain = AddressGuard.Unmapped(address);
            _networks.Add(new(plain, plain.GetAddressBytes().Length * 8));
            return true;
        }
        if (IPNetwork.TryParse(entry, out var network))
        {
            _networks.Add(network);
            return true;
        }
        if (Uri.CheckHostName(entry) != UriHostNameType.Dns)
            return false;
        try
        {
            _names.Add(new IdnMapping().GetAscii(entry.TrimEnd('.')));
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
