using Cote.Cluster;
using Cote.Media.Reading;

namespace Cote;

/// <summary>
/// The command line: <c>Cote.Server create-user ada ada@example.com --admin</c>. A command asks a running server
/// through its control socket, which acts at once; where none runs, the command opens the database under the same
/// lock.
/// </summary>
public static class CoteCommands
{
    const int Unknown = 2;

    /// <summary>
    /// Runs a command. Null where the arguments name none, and the server is to start; otherwise the exit code: 0, or 1
    /// where the command was refused, or 2 where there is no such command or flag. Throws
    /// <see cref="StartupException"/> where the configuration is wrong or the database cannot be opened.
    /// </summary>
    /// <param name="args">The arguments of the program.</param>
    /// <param name="input">Gives the password where it is not typed.</param>
    /// <param name="output">Takes the result.</param>
    /// <param name="error">Takes refusals and prompts.</param>
    /// <param name="add">What a server of your own adds to Cote: a command reads the same configuration.</param>
    public static Task<int?> RunAsync(
        string[] args, TextReader input, TextWriter output, TextWriter error, Action<CoteBuilder>? add = null)
    {
        if (args is [ReaderCommand.Verb])
            return Task.FromResult<int?>(ReaderCommand.Run());
        var arguments = CommandLineArguments.Split(args);
        if (arguments.Fault is { } fault)
        {
            error.WriteLine($"{fault} Cote.Server --help lists the commands.");
            return Task.FromResult<int?>(Unknown);
        }
        if (arguments.Words is [])
            return Task.FromResult<int?>(null);
        if (arguments.Words is ["--version"])
        {
            output.WriteLine(Node.Version);
            return Task.FromResult<int?>(0);
        }
        // In a class of its own: a start of the server does not load the parser.
        return new Terminal(arguments.Settings, input, output, error, add).RunAsync(arguments.Words);
    }
}
