using System.Globalization;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Tools;

/// <summary>The tools that demo models are offered, and no other ones.</summary>
static class DemoTools
{
    /// <summary>Known without making the tools, which takes a part of the start that few servers need.</summary>
    public static IReadOnlyList<string> Names => [DemoParts.Clock, DemoParts.Note];

    public static readonly IReadOnlyList<ServerTool> All =
    [
        new FunctionTool(
            AIFunctionFactory.Create(
                () => TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
                DemoParts.Clock, "The time of the server, in UTC."),
            new() { Title = "Clock", IsReadOnly = true }, null),
        new FunctionTool(
            AIFunctionFactory.Create((string text) => $"Noted: {text}", DemoParts.Note, "Notes a text. It is a demo, "
                + "and keeps nothing."),
            new() { Title = "Note", Approval = ToolApproval.Ask }, null),
    ];
}
