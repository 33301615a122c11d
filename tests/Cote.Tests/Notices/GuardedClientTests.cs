using System.Net;
using Cote.Notices;
using Microsoft.AspNetCore.Http;

namespace Cote.Tests.Notices;

/// <summary>Requests to hosts that others name.</summary>
[Trait("Rows", "none")]
public sealed class GuardedClientTests : IAsyncLifetime
{
    WebhookReceiver _receiver = null!;

    public async ValueTask InitializeAsync() => _receiver = await WebhookReceiver.StartAsync();

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("2130706433")]
    [InlineData("0x7f.1")]
    public async Task A_private_address_is_not_connected_to_however_it_is_written(string host)
    {
        var answer = await SendAsync($"https://{host}:{_receiver.Port}/", AllowedHosts.None);

        answer.ShouldBe(new GuardedAnswer(0, "its address is private"));
        _receiver.Connections.ShouldBe(0);
        (await SendAsync(_receiver.Url, Open("localhost"))).Status.ShouldBe(204, "the receiver is there");
    }

    [Theory]
    [InlineData("10.0.0.0/8,127.0.0.0/8")]
    [InlineData("127.0.0.1")]
    [InlineData("LOCALHOST")]
    [InlineData("hooks.example,localhost")]
    public async Task What_is_on_the_list_is_connected_to(string list) =>
        (await SendAsync(_receiver.Url, Open(list), IPAddress.Loopback)).Status.ShouldBe(204);

    [Theory]
    [InlineData("127.0.0.2")]
    [InlineData("hooks.example")]
    [InlineData("a.localhost")]
    public async Task What_is_beside_the_list_is_not(string list) =>
        (await SendAsync(_receiver.Url, Open(list), IPAddress.Loopback)).Fault.ShouldBe("its address is private");

    [Fact]
    public async Task A_name_is_resolved_once_and_only_its_checked_addresses_are_connected_to()
    {
        var asked = 0;
        var outside = new Outside((_, _) => Task.FromResult<IPAddress[]>(++asked == 1
            ? [IPAddress.Parse("10.0.0.1"), IPAddress.Loopback] : [IPAddress.Parse("10.0.0.1")]),
            (_, given, _, _) => given?.GetCertHashString() == _receiver.Certificate.GetCertHashString());

        var answer = await SendAsync($"https://rebinds.example:{_receiver.Port}/", Open("127.0.0.1"), outside);

        (answer.Status, asked, _receiver.Connections).ShouldBe((204, 1, 1));
    }

    [Fact]
    public async Task Of_an_address_that_refuses_the_next_one_is_taken()
    {
        var outside = new Outside(
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("127.0.0.9"), IPAddress.Loopback]),
            (_, given, _, _) => given?.GetCertHashString() == _receiver.Certificate.GetCertHashString());

        (await SendAsync($"https://two.example:{_receiver.Port}/", Open("127.0.0.0/8"), outside))
            .Status.ShouldBe(204);
    }

    [Fact]
    public async Task The_certificate_is_checked_against_the_name_and_not_the_address()
    {
        (await SendAsync($"https://other.example:{_receiver.Port}/", Open("127.0.0.1"), IPAddress.Loopback))
            .Fault.ShouldBe("its certificate is not trusted");
        (await SendAsync(_receiver.Url, Open("localhost"), Outside.Default))
            .Fault.ShouldBe("its certificate is not trusted", "nobody has signed it");
        _receiver.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        _receiver.Answer = (_, http) =>
        {
            http.Response.Redirect("/elsewhere", permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        };

        var answer = await SendAsync(_receiver.Url, Open("localhost"));

        (answer.Status, answer.IsSuccess, answer.Fault).ShouldBe((307, false, "it answered 307"));
        _receiver.Received.ShouldHaveSingleItem().Path.ShouldBe("/hook");
    }

    [Fact]
    public async Task Of_a_long_answer_the_beginning_is_read_and_the_rest_is_cut_off()
    {
        var cut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _receiver.Answer = async (_, http) =>
        {
            http.Response.StatusCode = 200;
            http.RequestAborted.Register(cut.SetResult);
            try
            {
                while (!http.RequestAborted.IsCancellationRequested)
                    await http.Response.Body.WriteAsync(new byte[65_536], http.RequestAborted);
            }
            catch (OperationCanceledException)
            {
            }
        };

        (await SendAsync(_receiver.Url, Open("localhost"))).Status.ShouldBe(200);

        await cut.Task.InTimeAsync();
    }

    [Fact]
    public async Task It_tells_how_long_the_receiver_asks_to_wait()
    {
        _receiver.Answer = (_, http) =>
        {
            (http.Response.StatusCode, http.Response.Headers.RetryAfter) = (429, "7");
            return Task.CompletedTask;
        };

        (await SendAsync(_receiver.Url, Open("localhost")))
            .ShouldBe(new GuardedAnswer(429, null, TimeSpan.FromSeconds(7)));
    }

    [Fact]
    public async Task Who_is_gone_is_told_without_an_address()
    {
        await _receiver.DisposeAsync();

        var fault = (await SendAsync(_receiver.Url, Open("localhost"))).Fault;
        fault.ShouldBe("it cannot be reached (ConnectionRefused)");
        (await SendAsync("https://nowhere.invalid/", AllowedHosts.None)).Fault.ShouldStartWith("it");
        (await SendAsync("http://localhost/", AllowedHosts.None)).Fault.ShouldBe("its URL is not one of https");
    }

    [Fact]
    [Trait("Stage", "slow")]
    public async Task Ten_seconds_are_all_that_it_gets()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _receiver.Answer = (_, _) => gate.Task;

        (await SendAsync(_receiver.Url, Open("localhost"))).Fault.ShouldBe("it took longer than 10 s");

        gate.SetResult();
    }

    static AllowedHosts Open(string list) => AllowedHosts.Parse([list], out _);

    Task<GuardedAnswer> SendAsync(string url, AllowedHosts allowed, params IPAddress[] addresses) =>
        SendAsync(url, allowed, new Outside(
            addresses.Length == 0 ? Dns.GetHostAddressesAsync : (_, _) => Task.FromResult(addresses),
            (_, given, _, errors) => _receiver.IsMine(given, errors)));

    static async Task<GuardedAnswer> SendAsync(string url, AllowedHosts allowed, Outside outside)
    {
        using var client = new GuardedClient(allowed, outside);
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent("x") };
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
