using Cote.Telemetry;
using Cote.Tests.Harness;
using Cote.Tests.Notices;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Telemetry;

/// <summary>Who is told the metrics, and through which port.</summary>
[Trait("Rows", "none")]
public sealed class MetricsRouteTests
{
    [Fact]
    public async Task The_main_port_answers_admins_and_their_keys_with_the_scope_and_nobody_else()
    {
        await using var app = await CoteApp.StartAsync("Metrics:Prometheus=true");
        using var nobody = app.Anonymous();
        using var eve = await app.RegisterAsync();
        using var root = await app.RegisterAsync();
        await SetRoleAsync(app, root, "admin");
        using var robot = await root.WithKeyAsync("metrics");
        using var reader = await root.WithKeyAsync("read");

        (await nobody.GetAsync("/metrics")).ShouldBeProblem(401, "not_authenticated", "Not authenticated");
        (await eve.GetAsync("/metrics")).ErrorCode.ShouldBe("admin_only");
        (await reader.GetAsync("/metrics")).ErrorCode.ShouldBe("insufficient_scope");
        (await root.GetAsync("/metrics")).Ok();
        var scraped = (await robot.GetAsync("/metrics")).Ok();
        scraped.Header("Content-Type").ShouldStartWith("text/plain; version=0.0.4");
        scraped.Text.ShouldContain("\ncote_database_healthy{otel_scope_name=\"Cote\"} 1\n");
        (await robot.GetAsync("/metrics/x")).Status.ShouldBe(404);
        (await robot.PostAsync("/metrics")).Status.ShouldBe(405);
        (await nobody.GetAsync("/openapi.json")).Json.GetProperty("paths").GetProperty("/metrics").GetProperty("get")
            .GetProperty("x-key-scopes")[0].GetString().ShouldBe("metrics");

        await SetRoleAsync(app, root, "user");
        (await robot.GetAsync("/metrics")).ErrorCode.ShouldBe("admin_only");
    }

    [Fact]
    public async Task A_port_of_its_own_answers_everybody_and_has_nothing_else()
    {
        var port = Ports.Free();
        await using var app = await CoteApp.StartAsync($"Metrics:PrometheusPort={port}");
        using var ada = await app.RegisterAsync();
        using var scraper = new CoteClient(new($"http://127.0.0.1:{port}"));

        (await scraper.GetAsync("/metrics")).Ok().Text.ShouldContain("# TYPE cote_writer_group_size histogram");
        (await scraper.GetAsync("/metrics")).Ok().Header("X-Request-Id").ShouldNotBeNull();
        foreach (var path in new[] { "/", "/health/live", "/openapi.json", "/metrics/", "/limits" })
            (await scraper.GetAsync(path)).ShouldBeProblem(404, "not_found", "Not Found");
        (await scraper.PostAsync("/token")).Status.ShouldBe(404);
        (await ada.GetAsync("/metrics")).Status.ShouldBe(404);
        (await ada.GetAsync("/users/me")).Ok();
    }

    [Fact]
    public async Task What_is_not_asked_for_is_not_there_and_is_not_loaded()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();

        (await ada.GetAsync("/metrics")).Status.ShouldBe(404);
        app.Services.GetService(typeof(OpenTelemetry.Metrics.MeterProvider)).ShouldBeNull();
        app.Services.GetService(typeof(OpenTelemetry.Trace.TracerProvider)).ShouldBeNull();
    }

    [Fact]
    public async Task Webhooks_are_counted_by_the_name_of_their_endpoint()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var tries = 0;
        receiver.Answer = (_, http) =>
        {
            http.Response.StatusCode = Interlocked.Increment(ref tries) == 1 ? 500 : 204;
            return Task.CompletedTask;
        };
        var port = Ports.Free();
        await using var app = await CoteApp.StartAsync(
            WebhookSteps.Trust(receiver), [.. receiver.Settings("counted"), $"Metrics:PrometheusPort={port}"]);
        using var ada = await app.RegisterAsync();
        using var scraper = new CoteClient(new($"http://127.0.0.1:{port}"));
        const string labels = """{otel_scope_name="Cote",cote_webhook_endpoint="counted""";
        string[] expected =
        [
            $$"""cote_webhook_tries_total{{labels}}",cote_webhook_outcome="delayed"} 1""",
            $$"""cote_webhook_tries_total{{labels}}",cote_webhook_outcome="taken"} 1""",
            $$"""cote_webhooks_dropped_total{{labels}}"} 0""",
        ];

        await Patience.UntilAsync(async () =>
        {
            var text = (await scraper.GetAsync("/metrics")).Ok().Text;
            return expected.All(x => text.Contains($"\n{x}\n"));
        }, "all are counted");
    }

    [Theory]
    [InlineData("Metrics:PrometheusPort=0", "Cote__Metrics__PrometheusPort")]
    [InlineData("Metrics:PrometheusAddress=metrics.internal", "Cote__Metrics__PrometheusAddress")]
    [InlineData("Metrics:PrometheusAddress=127.0.0.1x", "Cote__Metrics__PrometheusAddress")]
    [InlineData("Metrics:Prometheus=maybe", "Cote__Metrics__Prometheus has a value that cannot be read")]
    public async Task A_wrong_setting_is_said_at_the_start(string setting, string said) =>
        (await Should.ThrowAsync<StartupException>(() => CoteApp.StartAsync(setting))).Message.ShouldContain(said);

    [Theory]
    [InlineData("127.0.0.1", "http://127.0.0.1:9464")]
    [InlineData("::1", "http://[::1]:9464")]
    [InlineData("*", "http://*:9464")]
    public void A_port_of_its_own_is_bound_to_the_address_that_is_named_and_shares_no_number(string address, string url)
    {
        var options = new MetricsOptions { PrometheusPort = 9464, PrometheusAddress = address };

        MetricsPort.UrlOf(options, ["http://localhost:8000"]).ShouldBe(url);
        Should.Throw<StartupException>(() => MetricsPort.UrlOf(options, ["http://localhost:8000", "http://*:9464"]))
            .Message.ShouldContain("Cote__Metrics__PrometheusPort is 9464");
    }

    static Task<Outcome> SetRoleAsync(CoteApp app, CoteClient user, string role)
    {
        var batch = new WriteBatch();
        batch.Execute($"update users set role = {role} where id = {user.Id}");
        return app.Services.GetRequiredService<Database>().WriteAsync(batch);
    }
}
