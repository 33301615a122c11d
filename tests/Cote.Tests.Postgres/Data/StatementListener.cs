using System.Collections.Concurrent;
using System.Diagnostics;
using Cote.Tests.Harness;

namespace Cote.Tests.Data;

/// <summary>Hears what a server asks its database. The statements of a batch are one text.</summary>
sealed class StatementListener : IDisposable
{
    readonly ActivityListener _listener;

    public StatementListener(CoteApp app)
    {
        var database = new Uri(app.Place.Single(x => x.Contains("Postgres", StringComparison.Ordinal))
            .Split('=', 2)[1]).AbsolutePath.Trim('/');
        _listener = new()
        {
            ShouldListenTo = x => x.Name == "Npgsql",
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = x =>
            {
                if ((string?)(x.GetTagItem("db.namespace") ?? x.GetTagItem("db.name")) == database
                    && (string?)(x.GetTagItem("db.query.text") ?? x.GetTagItem("db.statement")) is { } text)
                    Texts.Enqueue(text);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public ConcurrentQueue<string> Texts { get; } = [];

    public void Dispose() => _listener.Dispose();
}
