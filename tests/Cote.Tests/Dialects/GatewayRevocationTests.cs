using Cote.Tests.Harness;

namespace Cote.Tests.Dialects;

/// <summary>A session or a key that is revoked gets nothing more of an answer.</summary>
public sealed class GatewayRevocationTests(LiveApp live) : IClassFixture<LiveApp>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_is_cut_and_its_call_ends(bool isKey)
    {
        using var ada = await live.RegisterAsync();
        using var other = await ada.OtherDeviceAsync();
        var (id, key) = await ada.CreateKeyAsync("v1");
        var play = live.Play(FakeReply.Text("so far").ThenStall());
        using var answer = await StreamAsync(isKey ? key : other.Token!, play, null);
        var call = await play.NextCallAsync();

        (isKey ? await ada.DeleteAsync($"/api-keys/{id}") : await other.PostAsync("/logout")).Ok();

        await Should.ThrowAsync<IOException>(() => answer.ReadToEndAsync());
        await call.Closed.WaitAsync(Patience.Deadline);
        (await ada.CallsAsync(1)).Number("input_tokens").ShouldBeGreaterThan(0, "it was made, and is estimated");
    }

    [Fact]
    public async Task A_call_that_is_kept_runs_on_without_it()
    {
        using var ada = await live.RegisterAsync();
        using var other = await ada.OtherDeviceAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("so far").ThenWaitFor(gate).Then(" and on"));
        using var answer = await StreamAsync(other.Token!, play, "k");

        (await other.PostAsync("/logout")).Ok();
        await Should.ThrowAsync<IOException>(() => answer.ReadToEndAsync());
        gate.Open();

        (await ada.CompleteAsync(play.Body(""","stream":true"""), "k")).Ok().Events().Said().ShouldBe("so far and on");
        play.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task The_streams_of_other_sessions_go_on()
    {
        using var ada = await live.RegisterAsync();
        using var other = await ada.OtherDeviceAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("so far").ThenWaitFor(gate).Then(" and on"));
        using var answer = await StreamAsync(ada.Token!, play, null);

        (await other.PostAsync("/logout")).Ok();
        gate.Open();

        (await answer.ReadToEndAsync()).ShouldContain("[DONE]");
    }

    // Read up to the first words.
    async Task<StreamReader> StreamAsync(string token, Play play, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(live.App.Url, OpenAIClient.Chat))
        {
            Content = new StringContent(play.Body(""","stream":true"""), null, "application/json"),
        };
        request.Headers.Authorization = new("Bearer", token);
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (!(await reader.ReadLineAsync()).ShouldNotBeNull().Contains("so far", StringComparison.Ordinal))
        {
        }
        return reader;
    }

    static readonly HttpClient Http = new() { Timeout = Patience.Deadline };
}
