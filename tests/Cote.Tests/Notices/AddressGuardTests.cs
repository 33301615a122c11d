using System.Net;
using Cote.Notices;

namespace Cote.Tests.Notices;

[Trait("Rows", "none")]
public sealed class AddressGuardTests
{
    [Theory]
    [InlineData("0.0.0.0")] // unspecified
    [InlineData("0.1.2.3")]
    [InlineData("10.0.0.1")]
    [InlineData("100.64.0.1")] // between carriers and customers
    [InlineData("100.100.100.200")] // metadata of a cloud
    [InlineData("100.127.255.255")]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("169.254.169.254")] // metadata
    [InlineData("168.63.129.16")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.0.0.192")]
    [InlineData("192.0.2.1")] // documentation
    [InlineData("192.88.99.1")]
    [InlineData("192.168.1.1")]
    [InlineData("198.18.0.1")]
    [InlineData("198.51.100.1")]
    [InlineData("203.0.113.1")]
    [InlineData("224.0.0.1")] // multicast
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::7f00:1")] // the form of IPv4 that is no more
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::10.0.0.1")] // NAT64
    [InlineData("64:ff9b::169.254.169.254")]
    [InlineData("64:ff9b:1::808:808")] // of a network's own
    [InlineData("100::1")]
    [InlineData("2001::1")] // Teredo
    [InlineData("2001:0:4136:e378:8000:63bf:f5ff:fffe")]
    [InlineData("2001:2::1")]
    [InlineData("2001:db8::1")]
    [InlineData("2002:7f00:1::1")] // 6to4
    [InlineData("2002:808:808::1")]
    [InlineData("3fff::1")]
    [InlineData("5f00::1")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")] // metadata
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    public void It_is_refused(string address) => AddressGuard.IsPublic(IPAddress.Parse(address)).ShouldBeFalse();

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("9.255.255.255")]
    [InlineData("11.0.0.0")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("126.255.255.255")]
    [InlineData("128.0.0.1")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("192.167.255.255")]
    [InlineData("223.255.255.255")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("64:ff9b::8.8.8.8")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("2a00:1450:4001::1")]
    public void It_is_of_the_public_internet(string address) =>
        AddressGuard.IsPublic(IPAddress.Parse(address)).ShouldBeTrue();

    [Fact]
    public void A_list_opens_names_addresses_and_networks()
    {
        var hosts = AllowedHosts.Parse(["Hooks.Internal, 10.1.0.0/16", "::1", "bücher.example"], out var wrong);

        wrong.ShouldBeNull();
        hosts.HasName("hooks.internal").ShouldBeTrue();
        hosts.HasName("hooks.internal.").ShouldBeTrue();
        hosts.HasName("xn--bcher-kva.example").ShouldBeTrue();
        hosts.HasName("other.internal").ShouldBeFalse();
        hosts.HasName("a.hooks.internal").ShouldBeFalse();
        hosts.HasAddress(IPAddress.Parse("10.1.2.3")).ShouldBeTrue();
        hosts.HasAddress(IPAddress.Parse("::ffff:10.1.2.3")).ShouldBeTrue();
        hosts.HasAddress(IPAddress.Parse("10.2.0.1")).ShouldBeFalse();
        hosts.HasAddress(IPAddress.IPv6Loopback).ShouldBeTrue();
        hosts.HasAddress(IPAddress.Loopback).ShouldBeFalse();
    }

    [Theory]
    [InlineData("10.0.0.0/33")]
    [InlineData("http://a")]
    [InlineData("a b")]
    public void What_is_none_of_them_is_named(string entry)
    {
        AllowedHosts.Parse(["10.0.0.1", entry], out var wrong);

        wrong.ShouldBe(entry);
    }

    [Theory]
    [InlineData("http://example.com/")]
    [InlineData("https://user:password@example.com/")]
    [InlineData("ftp://example.com/")]
    [InlineData("example.com")]
    [InlineData("")]
    [InlineData(null)]
    public void A_request_goes_to_no_such_url(string? url) => GuardedClient.Parse(url).ShouldBeNull();

    [Fact]
    public void A_url_has_at_most_2048_characters()
    {
        GuardedClient.Parse("https://a.example/" + new string('x', 2_030)).ShouldNotBeNull();
        GuardedClient.Parse("https://a.example/" + new string('x', 2_031)).ShouldBeNull();
    }
}
