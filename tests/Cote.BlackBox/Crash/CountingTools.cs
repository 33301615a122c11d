using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Crash;

/// <summary>
/// Two MCP servers as children of the node that is killed: <c>crash</c> is called without asking, <c>ask</c> asks. Each
/// execution leaves a line with its key in one file.
/// </summary>
sealed class CountingTools : IDisposable
{
    readonly string _file = Path.GetTempFileName();

    /// <summary>What has been executed so far, each as the tool and the call's key.</summary>
    public ILookup<string, string> Executions => File.ReadLines(_file).Select(x => x.Split(' '))
        .ToLookup(x => x[1], x => x[0]);

    public void AddTo(Node node)
    {
        Add("crash", "never", "look", "add");
        Add("ask", "ask", "note");

        void Add(string name, string approval, params string[] tools)
        {
            string[] arguments = [Repository.Path("tests/Cote.BlackBox/Crash/mcp-server.sh"), _file, .. tools];
            node.Arguments.AddRange(arguments.Select((x, i) => $"--Cote:Tools:Mcp:{name}:Args:{i}={x}"));
            node.Arguments.Add($"--Cote:Tools:Mcp:{name}:Command=/bin/sh");
            node.Arguments.Add($"--Cote:Tools:Mcp:{name}:Approval={approval}");
            node.Arguments.Add($"--Cote:Tools:Mcp:{name}:TrustHints=true");
        }
    }

    public void Dispose() => File.Delete(_file);
}
