using System.Net;
using System.Text.RegularExpressions;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Telemetry;

/// <summary>The published program is used as people use it, and what it exports is looked at.</summary>
[Trait("Stage", "slow")]
public sealed class RealRunTests(PublishedProgram program)
{
    const string Said = "Zanzibarquestion";
    const string Answered = "Mogadishuanswer";
    const string Title = "Titicacatitle";
    const string Invented = "model-of-a-strangers-invention";

    [Fact]
    public async Task What_a_real_run_exports_is_well_formed_whole_and_tells_of_nobody()
    {
        var promtool = Needs.Program("promtool");
        var port = Ports.Free();
        await using var collector = await OtlpCollector.StartAsync();
        await using var model = await FakeModelServer.Start();
        model.Script = FakeReply.Text(Answered);
        await using var node = Node.With(
            program, model, $"Metrics:PrometheusPort={port}", "RateLimits:SwitchesPerMinute=1",
            "Assistants:Providers:listing:BaseUrl=" + model.OpenAiUrl, "Assistants:Providers:listing:Model=fake",
            "Assistants:Providers:listing:Models=*", "Webhooks:main:Url=https://localhost:1/",
            "Webhooks:main:Secret=whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
        foreach (var (name, value) in collector.Variables)
            node.Variables[name] = value;
        await node.StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var secrets = await UseAsync(ada, model);

        using var http = new HttpClient { BaseAddress = new($"http://127.0.0.1:{port}") };
        var text = await http.GetStringAsync("/metrics");
        await node.StopAsync(); // What it has not exported yet goes out now.

        await ShouldBeTakenByPromtoolAsync(promtool, text);
        ShouldBeDocumented(text);
        ShouldHaveAll(
            text, "deploy/prometheus/alerts.yaml", File.ReadAllText(Repository.Path("deploy/prometheus/alerts.yaml")));
        ShouldHaveAll(
            text, "deploy/grafana/cote.json",
            Exposition.ExpressionsOf(File.ReadAllText(Repository.Path("deploy/grafana/cote.json"))));
        var (traces, metrics) = (collector.TextOf("traces"), collector.TextOf("metrics"));
        collector.TextOf("logs").ShouldContain("Cote has started");
        metrics.ShouldContain("cote.reply.first_token");
        collector.Spans.ShouldContain(x => x.Name == "chat fake" && x.Attributes["gen_ai.usage.output_tokens"] == "7");
        collector.Spans.ShouldContain(x => x.Name == "POST /chats/{chatId}/messages/"
            && x.Attributes["url.path"] == "/chats/{chatId}/messages/");
        var tool = collector.Spans.Single(x => x.Name == "execute_tool demo_clock");
        collector.Spans.ShouldContain(x => x.Name == "reply" && x.SpanId == tool.ParentId);
        collector.Spans.ShouldContain(x => x.Name == "chat other");
        collector.Spans.Where(x => x.Name.Contains("/health", StringComparison.Ordinal) || x.Name == "GET /ws"
            || x.Name == "GET /events").ShouldBeEmpty();
        foreach (var secret in secrets)
            foreach (var (where, all) in new[] { ("/metrics", text), ("traces", traces), ("metrics", metrics) })
                all.Contains(secret, StringComparison.OrdinalIgnoreCase).ShouldBeFalse($"{secret} stands in {where}");
    }

    // Everything that may stand nowhere.
    static async Task<IReadOnlyList<string>> UseAsync(CoteClient ada, FakeModelServer model)
    {
        var chat = await ada.CreateChatAsync(Title);
        await using var socket = await ada.ConnectAsync();
        var first = (await ada.AskAsync(chat, Said)).GetProperty("reply_id").GetString()!;
        await socket.EndOfAsync(first);
        model.Enqueue(FakeReply.Refuse(401));
        var failed = (await ada.AskAsync(chat, Said)).GetProperty("reply_id").GetString()!;
        await socket.EndOfAsync(failed);
        var tools = await ada.CreateChatAsync(Title, "demo/tool");
        await using (var sse = await ada.StreamAsync(
            HttpMethod.Post, $"/chats/{tools}/messages/", new { content = Said }))
            await sse.ToEndAsync();
        (await ada.GetAsync($"/search?q={Said}")).Ok();
        var invented = await ada.CreateChatAsync(Title, "listing/" + Invented);
        await socket.EndOfAsync((await ada.AskAsync(invented, Said)).GetProperty("reply_id").GetString()!);
        var share = (await ada.PostAsync($"/chats/{chat}/shares", new { })).Ok()["url"].Split('/')[^1];
        (await ada.GetAsync($"/shared/{share}")).Ok();
        (await ada.GetAsync($"/s/{share}")).Ok();
        for (var i = 0; i < 2; i++)
            await ada.PutAsync($"/chats/{chat}/leaf", new { message_id = first });
        (await ada.GetAsync($"/{Said}/{ada.Id}?token={ada.Token}")).Code.ShouldBe(HttpStatusCode.NotFound);
        return
        [
            Said, Answered, Title, Invented, ada.Id, ada.Username, ada.Password, ada.Token!, ada.RefreshToken!, chat,
            tools, first, failed, share, "sk-black-box-key",
        ];
    }

    static async Task ShouldBeTakenByPromtoolAsync(string promtool, string text)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, text);
            var (code, said) = await Shell.RunAsync("/bin/sh", "-c", $"{promtool} check metrics < {file}");
            said.ShouldBe("");
            code.ShouldBe(0);
            (code, said) = await Shell.RunAsync(
                promtool, "check", "config", Repository.Path("deploy/prometheus/prometheus.yaml"));
            code.ShouldBe(0, said);
            said.ShouldContain("rules found"); // It has read alerts.yaml besides.
        }
        finally
        {
            File.Delete(file);
        }
    }

    static void ShouldBeDocumented(string text)
    {
        var listed = Regex.Matches(
            File.ReadAllText(Repository.Path("docs/operations.md")), @"^\| `((?:cote|gen_ai)_\w+)`",
            RegexOptions.Multiline)
            .Select(x => x.Groups[1].Value).ToHashSet();
        var ours = Exposition.MetricsIn(text).Where(x => Regex.IsMatch(x, "^(cote|gen_ai)_")).ToHashSet();

        ours.Except(listed).ShouldBeEmpty();
        listed.Except(ours).ShouldBeEmpty();
    }

    static void ShouldHaveAll(string text, string file, string expressions)
    {
        var named = Exposition.NamedIn(expressions);

        named.Count.ShouldBeGreaterThan(10, file);
        named.Except(Exposition.SeriesIn(text)).ShouldBeEmpty(file);
    }
}
