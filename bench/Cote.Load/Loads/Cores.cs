using System.Diagnostics;
using Cote.Load.Figures;
using Cote.Load.Runs;

namespace Cote.Load.Loads;

/// <summary>How many cores the server, the model and the generator itself took in between.</summary>
sealed class Cores
{
    readonly (string Name, Child Child)[] _children;
    readonly double[] _before;
    readonly TimeSpan _self = Environment.CpuUsage.TotalTime;
    readonly long _began = Stopwatch.GetTimestamp();

    public Cores(params (string Name, Child? Child)[] children)
    {
        _children = [.. children.Where(x => x.Child is not null)!];
        _before = [.. _children.Select(x => x.Child.Cpu)];
    }

    readonly Dictionary<string, double> _taken = [];

    /// <summary>What comes after does not count.</summary>
    public void Stop()
    {
        var seconds = Stopwatch.GetElapsedTime(_began).TotalSeconds;
        for (var i = 0; i < _children.Length; i++)
            _taken["cores_" + _children[i].Name] = (_children[i].Child.Cpu - _before[i]) / seconds;
        _taken["cores_generator"] = (Environment.CpuUsage.TotalTime - _self).TotalSeconds / seconds;
    }

    public void Into(Sample sample)
    {
        if (_taken.Count == 0)
            Stop();
        foreach (var (name, cores) in _taken)
            sample.Detail[name] = cores;
    }
}
