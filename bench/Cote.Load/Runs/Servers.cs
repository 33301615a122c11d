using System.Globalization;

namespace Cote.Load.Runs;

/// <summary>The servers of a run, each started as its users would.</summary>
static class Servers
{
    /// <summary>The limits that a load must not run into; nothing else is changed or switched off.</summary>
    static readonly string[] Limits =
    [
        "RateLimits:LoginPerMinute=1000000000", "RateLimits:RegistrationPerMinute=1000000000",
        "RateLimits:MessagesPerMinute=1000000000", "RateLimits:RequestsPerMinute=1000000000",
        "Realtime:ConnectionsPerUser=1000000", "Realtime:StreamsPerUser=1000000",
        "Assistants:MaxParallelReplies=100000",
        "Assistants:FirstTokenSeconds=3600", "Assistants:MaxParallelRepliesPerUser=100000",
        "Messages:MaxOpenReplies=1000000", "RateLimits:SwitchesPerMinute=1000000000",
        "RateLimits:SearchPerMinute=1000000000",
        "Assistants:OpenAI:Model=bench",
    ];

    /// <summary>Cote with its data in a folder.</summary>
    public static Task<Child> CoteAsync(string program, string folder, Uri? model, CancellationToken ct,
        params string[] settings) => Child.StartAsync(
        port => (program, [$"--urls=http://127.0.0.1:{port}", .. Limits.Concat(settings).Select(x => "--Cote:" + x)]),
            "/health/ready", ct, folder,
        model is null ? null
            : new Dictionary<string,
            string>
            { ["OPENAI_BASE_URL"] = new Uri(model, "/v1").ToString(), ["OPENAI_API_KEY"] = "sk-bench" });

    public static Task<Child> ModelAsync(CancellationToken ct) => Child.SelfAsync(ct, "model", "--with-parent");

    public static Task<Child> YardstickAsync(string which, CancellationToken ct, params string[] arguments) =>
        Child.SelfAsync(ct, ["yardstick", which, "--with-parent", .. arguments]);

    /// <summary>
    /// The guide's backend in memory, one worker, as the guide starts it: with uvicorn's line for each request, which
    /// goes nowhere, so that reading it costs nobody.
    /// </summary>
    public static Task<Child> FastApiAsync(Stage stage) => Child.StartAsync(
        port => ("/bin/sh", ["-c",
            "exec /usr/bin/python3 -m uvicorn seed_backend:app --host 127.0.0.1 --port \"$0\" >/dev/null",
            port.ToString(CultureInfo.InvariantCulture)]),
        "/", stage.Ct, stage.GuideFolder, new Dictionary<string, string> { ["PYTHONPYCACHEPREFIX"] = stage.Compiled });
}
